"""Clusters of the scripted gateway, and the steps by which a test lets one change while it is watched."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
CREATED_AT = "2026-01-02T03:04:05Z"

Step = Callable[[Json], Iterator[tuple[str, Json]]]
"""Changes a cluster in place, and yields what the watchers are told: `(event, data)`."""


def becomes(state: str, percent: int = 100, **status: Any) -> Step:
    def step(cluster: Json) -> Iterator[tuple[str, Json]]:
        set_state(cluster, state, percent, **status)
        yield "cluster", {"type": "MODIFIED", "object": copy.deepcopy(cluster)}

    return step


def happens(reason: str, message: str = "", stage: str = "infrastructure", id_: str = "e-1") -> Step:
    def step(cluster: Json) -> Iterator[tuple[str, Json]]:
        yield "happened", event_of(cluster["metadata"]["id"], reason, message, stage, id_)

    return step


def stays(cluster: Json) -> Iterator[tuple[str, Json]]:
    """Nothing more is said; the stream is held until the gateway stops."""
    yield "hold", cluster


def is_cut(cluster: Json) -> Iterator[tuple[str, Json]]:
    """The stream ends there, as when the gateway is restarted."""
    yield "cut", cluster


def goes(cluster: Json) -> Iterator[tuple[str, Json]]:
    yield "gone", {"type": "DELETED", "object": copy.deepcopy(cluster)}


def event_of(cluster_id: str, reason: str, message: str = "", stage: str = "infrastructure", id_: str = "e-1") -> Json:
    return {
        "id": id_,
        "cluster_id": cluster_id,
        "at": CREATED_AT,
        "source": "provisioner",
        "stage": stage,
        "reason": reason,
        "message": message,
        "severity": "normal",
        "machine": None,
        "code": None,
    }


def condition(type_: str, status: str, reason: str = "Reason", message: str = "", code: str | None = None) -> Json:
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "code": code,
        "user_fixable": code is not None,
        "observed_generation": 1,
        "last_transition_time": CREATED_AT,
    }


def set_state(cluster: Json, state: str, percent: int, *, problem: Json | None = None) -> None:
    is_ready = state == "Ready"
    cluster["status"] |= {
        "state": state,
        "observed_generation": cluster["metadata"]["generation"] if is_ready else 0,
        "conditions": [problem or condition("Ready", "True" if is_ready else "False")],
        "progress": cluster["status"]["progress"] | {"percent": percent, "message": f"{state}, {percent} of 100"},
    }


def new_cluster(name: str, id_: str, spec: Json | None = None, labels: Json | None = None) -> Json:
    cluster: Json = {
        "metadata": {
            "id": id_,
            "name": name,
            "cloud": "sandbox",
            "project_id": "p1",
            "created_at": CREATED_AT,
            "created_by": "u1",
            "generation": 1,
            "deletion_requested_at": None,
            "labels": labels or {},
        },
        "spec": full_spec(spec or {}),
        "status": {
            "state": "Creating",
            "observed_generation": 0,
            "conditions": [],
            "progress": {
                "percent": 5,
                "stage": "infrastructure",
                "message": "0 of 3 machines active",
                "started_at": CREATED_AT,
                "finished_at": None,
                "elapsed_seconds": 1.0,
            },
            "api_server": {"host": "203.0.113.9", "port": 6443, "url": "https://203.0.113.9:6443"},
            "kubernetes_version": None,
            "machines": [],
        },
    }
    cluster["status"]["machines"] = [_machine(cluster, pool) for pool in cluster["spec"]["machine_pools"]]
    return cluster


def full_spec(given: Json) -> Json:
    pools = given.get("machine_pools") or [
        {"name": "cp", "control_plane_role": True, "quantity": 1},
        {"name": "workers", "worker_role": True, "quantity": 2},
    ]
    return {
        "cloud_credential_id": "cr-0000000001",
        "kubernetes_version": "1.36.3",
        "api_endpoint": "floating_ip",
        "keep_floating_ip": False,
        "deletion_protection": False,
        **given,
        "network": {"cidr": "10.6.0.0/24", "api_allowed_cidrs": ["0.0.0.0/0"], **given.get("network", {})},
        "machine_pools": [
            {"flavor": "m1.small", "image": "debian", "quantity": 1, "labels": {}, "taints": [], **pool}
            for pool in pools
        ],
    }


def _machine(cluster: Json, pool: Json) -> Json:
    is_control_plane = pool.get("control_plane_role", False)
    return {
        "name": f"{cluster['metadata']['name']}-{pool['name']}-0",
        "pool": pool["name"],
        "role": "control-plane" if is_control_plane else "worker",
        "state": "active",
        "server_id": "s1",
        "floating_address": "203.0.113.9" if is_control_plane else None,
        "node_ready": True,
    }
