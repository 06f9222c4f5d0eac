"""Node objects: read from Kubernetes' JSON, given our labels and taints, drained."""

from dataclasses import replace
from typing import Any

import pytest

from brb_installer.kubernetes.cluster_api import ClusterNode, PodRef
from brb_installer.kubernetes.parsing import parse_early_pods, parse_evictable_pods, parse_node, parse_server_id
from brb_installer.node_settings import ANNOTATION, plan_node_patch
from brb_installer.steps.etcd import EtcdMember, parse_members
from brb_shared.contracts.kubernetes import Taint
from fakes.node_cluster import merge_patched, new_node
from fakes.node_installation import Installation, desired, machine

NOT_READY = Taint(key="node.kubernetes.io/not-ready", effect="NoSchedule")
GPU = Taint(key="gpu", value="yes", effect="NoSchedule")
NODE = replace(new_node("w-0", "server-w-0-1", "1.36.3"), taints=(NOT_READY,), labels={"kubernetes.io/os": "linux"})


def patched(node: ClusterNode, patch: dict[str, object] | None) -> ClusterNode:
    assert patch is not None
    return merge_patched(node, patch)


def test_labels_and_taints_are_added_beside_those_of_others() -> None:
    wanted = machine("w-0", labels={"pool": "blue"}, taints=(GPU,))
    node = patched(NODE, plan_node_patch(NODE, wanted))
    assert node.labels == {"kubernetes.io/os": "linux", "pool": "blue"}
    assert node.taints == (NOT_READY, GPU)
    assert plan_node_patch(node, wanted) is None


def test_what_is_not_wanted_any_more_is_taken_back_and_nothing_else() -> None:
    node = patched(NODE, plan_node_patch(NODE, machine("w-0", labels={"pool": "blue"}, taints=(GPU,))))
    node = replace(node, labels={**node.labels, "theirs": "stays"})
    node = patched(node, plan_node_patch(node, machine("w-0")))
    assert node.labels == {"kubernetes.io/os": "linux", "theirs": "stays"}
    assert node.taints == (NOT_READY,)
    assert plan_node_patch(node, machine("w-0")) is None


def test_a_taints_changed_value_replaces_the_old_one() -> None:
    node = patched(NODE, plan_node_patch(NODE, machine("w-0", taints=(GPU,))))
    changed = GPU.model_copy(update={"value": "no"})
    node = patched(node, plan_node_patch(node, machine("w-0", taints=(changed,))))
    assert node.taints == (NOT_READY, changed)


def test_a_node_without_wishes_is_left_alone() -> None:
    assert plan_node_patch(NODE, machine("w-0")) is None


def test_a_patch_fails_if_the_node_has_changed_meanwhile() -> None:
    patch = plan_node_patch(NODE, machine("w-0", labels={"pool": "blue"}))
    assert patch is not None
    assert patch["metadata"]["resourceVersion"] == NODE.resource_version


def test_a_spoilt_annotation_manages_nothing() -> None:
    node = replace(NODE, annotations={ANNOTATION: "{"})
    assert plan_node_patch(node, machine("w-0")) is not None


def test_a_node_is_read_from_kubernetes_json() -> None:
    node = parse_node(
        {
            "metadata": {
                "name": "cp-0",
                "uid": "u",
                "resourceVersion": "7",
                "labels": {"node-role.kubernetes.io/control-plane": ""},
            },
            "spec": {
                "providerID": "openstack:///server-1",
                "taints": [{"key": "node.cloudprovider.kubernetes.io/uninitialized", "effect": "NoSchedule"}],
            },
            "status": {
                "nodeInfo": {"kubeletVersion": "v1.36.3"},
                "conditions": [{"type": "Ready", "status": "False", "message": "no network"}],
            },
        }
    )
    assert (node.server_id, node.is_control_plane, node.version) == ("server-1", True, "1.36.3")
    assert (node.ready, node.cloud_initialized, node.message) == (False, False, "no network")


@pytest.mark.parametrize(
    ("provider_id", "server_id"),
    [("openstack:///a", "a"), ("openstack://RegionOne/a", "a"), ("", None), ("aws:///zone/a", None)],
)
def test_the_server_is_read_from_the_provider_id(provider_id: str, server_id: str | None) -> None:
    assert parse_server_id(provider_id) == server_id


def test_daemons_static_and_finished_pods_are_not_evicted() -> None:
    def pod(name: str, **more: object) -> dict[str, object]:
        metadata = {"namespace": "default", "name": name, **more}
        return {"metadata": metadata, "status": {"phase": "Failed" if name == "finished" else "Running"}}

    pods = [
        pod("app"),
        pod("daemon", ownerReferences=[{"kind": "DaemonSet"}]),
        pod("static", annotations={"kubernetes.io/config.mirror": "x"}),
        pod("finished"),
    ]
    assert parse_evictable_pods(pods) == (PodRef("default", "app"),)


def test_pods_that_the_kubelet_met_too_early_are_known_by_what_they_wait_for() -> None:
    early = {"message": "services have not yet been read at least once, cannot construct envvars"}

    def pod(name: str, kind: str, **state: object) -> dict[str, object]:
        return {"metadata": {"namespace": "kube-flannel", "name": name}, "status": {kind: [{"state": state}]}}

    pods: list[dict[str, Any]] = [
        pod("init", "initContainerStatuses", waiting=early),
        pod("main", "containerStatuses", waiting=early),
        pod("other", "containerStatuses", waiting={"reason": "PodInitializing"}),
        pod("running", "containerStatuses", running={}),
        {"metadata": {"namespace": "kube-flannel", "name": "new"}},
    ]
    assert [found.name for found in parse_early_pods(pods)] == ["init", "main"]


def test_etcd_members_have_hexadecimal_ids_and_may_not_have_started() -> None:
    output = '{"members": [{"ID": 255, "name": "cp-0", "peerURLs": ["https://10.6.0.10:2380"]}, {"ID": 16}]}'
    assert parse_members(output) == (
        EtcdMember("ff", "cp-0", frozenset({"10.6.0.10"})),
        EtcdMember("10", "", frozenset()),
    )


async def with_pod(pod: PodRef) -> Installation:
    installation = Installation()
    installation.want(desired(map(machine, ("cp-0", "w-0"))))
    await installation.run()
    assert installation.apis.cluster is not None
    installation.apis.cluster.pods["w-0"] = [pod]
    installation.want(desired([machine("cp-0"), machine("w-0", leaving=True)], generation=2))
    return installation


async def test_a_leaving_node_is_cordoned_and_drained_first() -> None:
    installation = await with_pod(PodRef("default", "app"))
    installation.switch.calls.clear()
    await installation.run()
    calls = installation.switch.calls
    order = [calls.index(f"before {call}") for call in ("api patch node w-0", "api evict app", "api delete node w-0")]
    assert order == sorted(order)
    assert installation.observed.left == ("w-0",)


async def test_a_disruption_budget_is_honoured_until_the_timeout() -> None:
    pod = PodRef("default", "app")
    installation = await with_pod(pod)
    cluster = installation.apis.cluster
    assert cluster is not None
    cluster.protected_pods.add(pod)
    await installation.run(rounds=20)
    assert not installation.observed.left
    assert cluster.forced_pods == []
    await installation.run(rounds=400)
    assert installation.observed.left == ("w-0",)
    assert cluster.forced_pods == [pod]
