"""A gateway that answers over real HTTP from memory, as the test scripts it.

Every request it gets and every answer it gives is checked against the OpenAPI document; what departs is in
`violations`.
"""

import copy
import threading
from collections import deque
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import Any

from fakes.openapi_check import OpenApiCheck
from fakes.scripted_access import ROUTES, ScriptedAccess
from fakes.scripted_answers import (
    KUBECONFIG,
    TOKEN,
    ZONE,
    api_token,
    certificate,
    choices,
    cloud,
    credential,
    deletion_report,
    delivery,
    dns_key,
    dns_record,
    plan,
    resources,
    run,
    session,
    webhook,
)
from fakes.scripted_clusters import Json, Step, becomes, condition, goes, happens, new_cluster, set_state
from fakes.scripted_http import Cut, Event, Reply, Seen, handler_for, problem


class ScriptedGateway:
    def __init__(self, document: Json) -> None:
        self.clusters: dict[str, Json] = {}
        self.credentials: list[Json] = []
        self.api_tokens: list[Json] = []
        self.certificates: list[Json] = []
        self.webhooks: list[Json] = []
        self.dns_records: list[Json] = []
        self.dns_keys: list[Json] = []
        self.clouds = [cloud("sandbox")]
        self.events: list[Json] = []
        self.access = ScriptedAccess()
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
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
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
        """Those that ask for more than a plan."""
        asked = [seen for seen in self.seen if seen.method == method and path in seen.path]
        return [seen for seen in asked if "validate_only" not in seen.query]

    def plans(self) -> list[Seen]:
        return [seen for seen in self.seen if "validate_only" in seen.query]

    # What the handler does

    def respond(self, seen: Seen) -> Reply | Iterator[Event]:
        self.seen.append(seen)
        is_plan = "validate_only" in seen.query
        if self._failures and not is_plan and self._failures[0][:2] == (seen.method, seen.path):
            reply = self._failures.popleft()[2]
            if reply is None:
                raise Cut
            return reply
        match seen.path.split("/")[2:]:
            case ["watch", "clusters"]:
                return self._stream(list(self.clusters))
            case ["clusters", cluster_id, "watch"] if cluster_id in self.clusters:
                return self._stream([cluster_id])
        return self._checked(seen)

    def _checked(self, seen: Seen) -> Reply:
        if seen.path in ("/healthz", "/readyz"):
            return Reply(200, {})
        self.violations += self._check.of_request(seen.method, seen.path, seen.query, seen.headers, seen.body)
        reply = self._answers.get((seen.method, seen.path)) or self._route(seen)
        self.violations += self._check.of_answer(seen.method, seen.path, reply.status, reply.content_type, reply.body)
        return reply

    def _stream(self, cluster_ids: list[str]) -> Iterator[Event]:
        """All of them as they are, then what becomes of the first."""
        cluster = self.clusters[cluster_ids[0]]
        walk = self.walks.popleft() if self.walks else self._usual_walk(cluster)
        for id_ in cluster_ids:
            yield "cluster", {"type": "ADDED", "object": copy.deepcopy(self.clusters[id_])}, "id-0"
        self.watched.set()
        for number, step in enumerate(walk, start=1):
            for event, document in step(cluster):
                if event == "cut":
                    return
                if event == "hold":
                    self._stopped.wait()
                    return
                if event == "gone":
                    del self.clusters[cluster["metadata"]["id"]]
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
            case ["api-tokens", *rest]:
                return self._api_token(seen, rest)
            case ["clusters", *rest]:
                return self._clusters(seen, rest)
            case ["certificates", *rest]:
                return self._certificate(seen, rest)
            case ["zone"]:
                return Reply(200, ZONE)
            case ["dns-records", *rest]:
                return self._dns_record(seen, rest)
            case ["dns-keys", *rest]:
                return self._dns_key(seen, rest)
            case ["webhooks", *rest]:
                return self._webhook(seen, rest)
            case [route, *rest] if route in ROUTES:
                return self.access.respond(seen, route, rest)
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

    def _api_token(self, seen: Seen, rest: list[str]) -> Reply:
        if seen.method == "GET":
            return Reply(200, {"items": self.api_tokens})
        if seen.method == "DELETE":
            self.api_tokens = [each for each in self.api_tokens if each["id"] != rest[0]]
            return Reply(204)
        self.api_tokens.append(api_token(seen.body))
        return Reply(201, self.api_tokens[-1] | {"token": "brb_t_shown-once"})

    def _certificate(self, seen: Seen, rest: list[str]) -> Reply:
        match seen.method, rest:
            case "GET", []:
                return Reply(200, {"items": self.certificates})
            case "POST", []:
                self.certificates.append(certificate(seen.body["cluster_id"], seen.body["address"]))
                return Reply(202, self.certificates[-1])
            case "DELETE", [certificate_id]:
                self.certificates = [one for one in self.certificates if one["metadata"]["id"] != certificate_id]
                return Reply(204)
        return Reply(200, self.certificates[0])

    def _dns_record(self, seen: Seen, rest: list[str]) -> Reply:
        match (seen.method, rest):
            case ("GET", []):
                names = seen.query.get("name", [])
                return Reply(200, {"items": [one for one in self.dns_records if not names or one["name"] in names]})
            case ("POST", []):
                self.dns_records.append(dns_record(f"rr-{len(self.dns_records):010}", seen.body))
                return Reply(201, self.dns_records[-1])
            case ("GET", [record_id]):
                return Reply(200, next(one for one in self.dns_records if one["id"] == record_id))
            case ("DELETE", [record_id]):
                self.dns_records = [one for one in self.dns_records if one["id"] != record_id]
                return Reply(204)
        return problem(404, "not_found", "There is no such record")

    def _dns_key(self, seen: Seen, rest: list[str]) -> Reply:
        match (seen.method, rest):
            case ("GET", []):
                return Reply(200, {"items": self.dns_keys})
            case ("POST", []):
                self.dns_keys.append(dns_key(seen.body))
                return Reply(201, self.dns_keys[-1] | {"secret": "c2VjcmV0"})
            case ("DELETE", [key_id]):
                self.dns_keys = [one for one in self.dns_keys if one["id"] != key_id]
                return Reply(204)
        return problem(404, "not_found", "There is no such key")

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
            case _, [cluster_id, "namespaces", *names]:
                return self.access.of_cluster(seen, cluster_id, names)
            case "GET", [cluster_id]:
                return self._view(200, self.clusters[cluster_id])
            case "GET", [_, "resources"]:
                return Reply(200, resources())
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
        if "validate_only" in seen.query:
            return Reply(200, plan(cluster["metadata"]["name"], cluster["spec"], fits=self.plan_fits))
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
        asked = seen.body.get("spec", {})
        made = {"cloud_credential_id": "cr-0000000009"} if asked.get("cloud_credential_id", "") is None else {}
        cluster["spec"] |= asked | made
        return self._view(200, cluster)

    def _view(self, status: int, cluster: Json) -> Reply:
        return Reply(status, cluster, {"ETag": f'"{cluster["metadata"]["generation"]}"'})
