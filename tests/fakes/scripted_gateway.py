"""A gateway that answers over real HTTP from memory, as the test scripts it.

Every request it gets and every answer it gives is checked against the OpenAPI document; what departs is in
`violations`.
"""

import copy
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fakes.openapi_check import OpenApiCheck

Json = dict[str, Any]
CREATED_AT = "2026-01-02T03:04:05Z"
TOKEN = "brb-token-of-the-demo-user"


@dataclass(frozen=True)
class Seen:
    """A request."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class Cut(Exception):
    """The connection is closed without an answer."""


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


class ScriptedGateway:
    def __init__(self, document: Json) -> None:
        self.clusters: dict[str, Json] = {}
        self.credentials: list[Json] = []
        self.webhooks: list[Json] = []
        self.clouds = [cloud("sandbox")]
        self.events: list[Json] = []
        self.plan_fits = True
        self.seen: list[Seen] = []
        self.violations: list[str] = []
        self.walks: deque[list[Step]] = deque()
        """One for each time someone begins to watch; without: to Ready, or gone if it is being deleted."""
        self.watched = threading.Event()
        self._failures: deque[tuple[str, str, Reply | None]] = deque()
        self._answers: dict[tuple[str, str], Reply] = {}
        self._check = OpenApiCheck(document)
        self._stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "ScriptedGateway":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    # What tests say

    def add(self, name: str, id_: str = "c-0000000001", state: str = "Ready", **given: Any) -> Json:
        cluster = new_cluster(name, id_, **given)
        set_state(cluster, state, 100 if state == "Ready" else 5)
        self.clusters[id_] = cluster
        return cluster

    def fail_next(self, method: str, path: str, status: int, code: str, detail: str = "It is so") -> None:
        self._failures.append((method, path, problem(status, code, detail)))

    def cut_next(self, method: str, path: str) -> None:
        self._failures.append((method, path, None))

    def answer(self, method: str, path: str, reply: Reply) -> None:
        self._answers[method, path] = reply

    def requests(self, method: str, path: str = "") -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method and path in seen.path]

    # What the handler does

    def reply(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        if self._failures and self._failures[0][:2] == (seen.method, seen.path):
            reply = self._failures.popleft()[2]
            if reply is None:
                raise Cut
            return reply
        if seen.path in ("/healthz", "/readyz"):
            return Reply(200, {})
        body = seen.body
        self.violations += self._check.of_request(seen.method, seen.path, seen.query, seen.headers, body)
        reply = self._answers.get((seen.method, seen.path)) or self._route(seen)
        self.violations += self._check.of_answer(seen.method, seen.path, reply.status, reply.content_type, reply.body)
        return reply

    def stream(self, cluster_id: str) -> Iterator[tuple[str, Json, str]]:
        cluster = self.clusters[cluster_id]
        walk = self.walks.popleft() if self.walks else self._usual_walk(cluster)
        yield "cluster", {"type": "ADDED", "object": copy.deepcopy(cluster)}, "id-0"
        self.watched.set()
        for number, step in enumerate(walk, start=1):
            for event, document in step(cluster):
                if event == "cut":
                    return
                if event == "hold":
                    self._stopped.wait()
                    return
                if event == "gone":
                    del self.clusters[cluster_id]
                    yield "cluster", document, f"id-{number}"
                    return
                yield event, document, f"id-{number}"
        self._stopped.wait()

    def _usual_walk(self, cluster: Json) -> list[Step]:
        if cluster["status"]["state"] == "Deleting":
            return [becomes("Deleting", 50), goes]
        return [happens("ServerActive", "10.6.0.4"), becomes("Creating", 50), becomes("Ready")]

    def _route(self, seen: Seen) -> Reply:
        match seen.path.split("/")[2:]:
            case ["sessions"]:
                return Reply(201, session() | {"token": TOKEN})
            case ["clouds"]:
                return Reply(200, {"items": self.clouds})
            case ["clouds", cloud_id, "choices"]:
                return Reply(200, choices(cloud_id))
            case _ if seen.headers.get("Authorization") != f"Bearer {TOKEN}":
                return problem(401, "not_signed_in", "Sign in first")
            case ["sessions", "current"]:
                return Reply(200, session()) if seen.method == "GET" else Reply(204)
            case ["credentials", *rest]:
                return self._credential(seen, rest)
            case ["clusters", *rest]:
                return self._clusters(seen, rest)
            case ["webhooks", *rest]:
                return self._webhook(seen, rest)
        return problem(404, "not_found", "There is no such route")

    def _credential(self, seen: Seen, rest: list[str]) -> Reply:
        if seen.method == "GET":
            return Reply(200, {"items": self.credentials})
        if seen.method == "DELETE":
            self.credentials = [each for each in self.credentials if each["id"] != rest[0]]
            return Reply(204)
        made = credential(seen.body["name"])
        self.credentials.append(made)
        return Reply(201, made)

    def _webhook(self, seen: Seen, rest: list[str]) -> Reply:
        match seen.method, rest:
            case "GET", []:
                return Reply(200, {"items": self.webhooks})
            case "POST", []:
                self.webhooks.append(webhook(seen.body["url"]))
                return Reply(201, self.webhooks[-1] | {"secret": "whsec_c2VjcmV0"})
            case "PATCH", [_]:
                self.webhooks[0] |= seen.body
                return Reply(200, self.webhooks[0])
            case "DELETE", [_]:
                self.webhooks.clear()
                return Reply(204)
            case "GET", [_, "deliveries"]:
                return Reply(200, {"items": [delivery("dead")]})
            case _:
                return Reply(202, delivery("pending"))

    def _clusters(self, seen: Seen, rest: list[str]) -> Reply:
        match seen.method, rest:
            case "GET", []:
                return self._list(seen)
            case "POST", []:
                return self._create(seen)
            case "GET", [_, "deletion-report"]:
                return Reply(200, deletion_report(rest[0]))
            case "GET", [_, "events"]:
                return Reply(200, {"items": self.events})
            case _, [cluster_id, *_] if cluster_id not in self.clusters:
                return problem(404, "not_found", "There is no such cluster in your project")
            case "GET", [cluster_id]:
                return self._view(200, self.clusters[cluster_id])
            case "PATCH" | "DELETE", [cluster_id]:
                return self._change(seen, self.clusters[cluster_id])
            case "POST", [_, "kubeconfigs"]:
                return Reply(201, KUBECONFIG, content_type="application/yaml")
            case "POST", [cluster_id, "retries"]:
                return Reply(202, {"cluster_id": cluster_id, "retry": 1})
            case "GET", [_, "runs"]:
                return Reply(200, {"items": [run()]})
            case _:
                return Reply(200, run() | {"output": "[init] Using Kubernetes version\nall well\n"})

    def _list(self, seen: Seen) -> Reply:
        """Pages of two, so that paging is used."""
        names = seen.query.get("name")
        found = [each for each in self.clusters.values() if names is None or each["metadata"]["name"] in names]
        start = int(seen.query.get("page_token", ["0"])[0])
        more = str(start + 2) if len(found) > start + 2 else None
        return Reply(200, {"items": found[start : start + 2], "next_page_token": more})

    def _create(self, seen: Seen) -> Reply:
        name, spec = seen.body["metadata"]["name"], seen.body.get("spec", {})
        if any(each["metadata"]["name"] == name for each in self.clusters.values()):
            return problem(409, "name_taken", f"Your project has a cluster {name}; choose another name")
        if "validate_only" in seen.query:
            return Reply(200, plan(name, spec, fits=self.plan_fits))
        id_ = f"c-{len(self.clusters) + 1:010d}"
        self.clusters[id_] = new_cluster(name, id_, spec, seen.body["metadata"].get("labels"))
        return self._view(201, self.clusters[id_])

    def _change(self, seen: Seen, cluster: Json) -> Reply:
        etag = f'"{cluster["metadata"]["generation"]}"'
        if seen.headers.get("If-Match") != etag:
            return problem(412, "changed_meanwhile", "The cluster was changed meanwhile; read it again")
        if seen.method == "DELETE" and cluster["spec"]["deletion_protection"]:
            return problem(409, "deletion_protected", "Deletion protection is on")
        cluster["metadata"]["generation"] += 1
        if seen.method == "DELETE":
            set_state(cluster, "Deleting", 0, problem=condition("Deleting", "True"))
            return self._view(202, cluster)
        labels = cluster["metadata"]["labels"] | seen.body.get("metadata", {}).get("labels", {})
        cluster["metadata"]["labels"] = {key: value for key, value in labels.items() if value is not None}
        cluster["spec"] |= seen.body.get("spec", {})
        return self._view(200, cluster)

    def _view(self, status: int, cluster: Json) -> Reply:
        return Reply(status, cluster, {"ETag": f'"{cluster["metadata"]["generation"]}"'})


def problem(status: int, code: str, detail: str) -> Reply:
    body = {
        "type": "about:blank",
        "title": "Problem",
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [],
        "user_fixable": True,
        "request_id": "req-1",
    }
    return Reply(status, body, content_type="application/problem+json")


def session() -> Json:
    return {
        "id": "se-1",
        "cloud": "sandbox",
        "user": {"id": "u1", "name": "demo"},
        "project": {"id": "p1", "name": "demo"},
        "method": "password",
        "created_at": CREATED_AT,
        "expires_at": "2099-01-01T00:00:00Z",
    }


def cloud(id_: str, auth_url: str = "http://keystone.example:5000/v3") -> Json:
    return {"id": id_, "display_name": id_.title(), "auth_url": auth_url, "region_name": "RegionOne"}


def choices(cloud_id: str) -> Json:
    network = {"id": "n1", "name": "public", "subnet_ids": []}
    version = {"version": "1.36.3", "supported": True, "default": True, "reason": "Supported"}
    image = {"id": "i1", "name": "debian", "minimum_disk_gib": 5, "minimum_memory_mib": 0, "supported": True}
    return {
        "cloud": cloud_id,
        "flavors": [{"id": "f1", "name": "m1.small", "vcpus": 2, "memory_mib": 2048, "disk_gib": 10}],
        "images": [image],
        "networks": [],
        "external_networks": [network],
        "availability_zones": ["nova"],
        "kubernetes_versions": [version],
        "load_balancers": True,
        "quotas": [{"resource": "instances", "limit": 10, "used": 0, "free": 10}],
    }


def credential(name: str, id_: str = "cr-0000000001") -> Json:
    return {
        "id": id_,
        "name": name,
        "cloud": "sandbox",
        "project_id": "p1",
        "user_id": "u1",
        "application_credential_id": "a1",
        "created_by_platform": True,
        "created_at": CREATED_AT,
    }


def webhook(url: str) -> Json:
    return {
        "id": "wh-1",
        "url": url,
        "event_types": ["*"],
        "description": "",
        "enabled": True,
        "created_at": CREATED_AT,
        "created_by": "u1",
    }


def delivery(state: str) -> Json:
    return {
        "id": "d-1",
        "webhook_id": "wh-1",
        "event_type": "cluster.ClusterReady",
        "state": state,
        "attempts": 3,
        "created_at": CREATED_AT,
        "payload": {},
    }


def run() -> Json:
    return {
        "id": "r1",
        "machine": "x-cp-0",
        "server_id": "s1",
        "step": "init",
        "started_at": CREATED_AT,
        "ended_at": CREATED_AT,
        "exit_code": 0,
    }


def plan(name: str, spec: Json, *, fits: bool) -> Json:
    need = {"resource": "floating_ips", "need": 3, "limit": 3, "used": 2, "free": 1, "fits": fits}
    return {
        "spec": full_spec(spec),
        "would_make": [{"type": "server", "count": 3}],
        "machines": [f"{name}-…-cp-0"],
        "quota": [need],
        "fits": fits,
        "code": None if fits else "ERR_INFRA_QUOTA_EXCEEDED",
        "message": "" if fits else "2 floating IPs missing: quota 3, used 2",
    }


def deletion_report(cluster_id: str) -> Json:
    return {
        "cluster_id": cluster_id,
        "name": "x",
        "requested_at": CREATED_AT,
        "removed": [{"type": "server", "id": "s1", "name": "x-cp-0"}, {"type": "network", "id": "n1", "name": "x"}],
        "remaining": [],
        "kept": [],
    }


KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: x
  cluster: {server: 'https://203.0.113.9:6443', certificate-authority-data: Q0E=}
users:
- name: demo@x
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
contexts:
- name: x
  context: {cluster: x, user: demo@x}
current-context: x
"""


def _handler_for(gateway: ScriptedGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

        def do_GET(self) -> None:
            if self.path.endswith("/watch"):
                self._watch()
            else:
                self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PATCH(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
            self._answer()

        def _answer(self) -> None:
            try:
                self._send(gateway.reply(self._seen()))
            except Cut:
                self.close_connection = True

        def _watch(self) -> None:
            seen = self._seen()
            cluster_id = seen.path.split("/")[3]
            if gateway._failures and gateway._failures[0][:2] == ("GET", seen.path):
                self._answer_from(seen)
                return
            gateway.seen.append(seen)
            if cluster_id not in gateway.clusters:
                self._send(problem(404, "not_found", "There is no such cluster"))
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            try:
                for event, document, id_ in gateway.stream(cluster_id):
                    self.wfile.write(f": ping\n\nevent: {event}\nid: {id_}\ndata: {json.dumps(document)}\n\n".encode())
                    self.wfile.flush()
            except (BrokenPipeError, ConnectionResetError):
                pass

        def _answer_from(self, seen: Seen) -> None:
            try:
                self._send(gateway.reply(seen))
            except Cut:
                self.close_connection = True

        def _seen(self) -> Seen:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            return Seen(self.command, parts.path, parse_qs(parts.query), dict(self.headers.items()), body)

        def _send(self, reply: Reply) -> None:
            is_text = isinstance(reply.body, str)
            content = b"" if reply.body is None else (reply.body if is_text else json.dumps(reply.body)).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    return Handler
