"""The scripted gateway's roles, bindings, projects, namespaces and reviews, from memory."""

from typing import Any

from fakes.scripted_clusters import CREATED_AT, Json
from fakes.scripted_http import Reply, Seen, problem

ROUTES = ("roles", "role-bindings", "projects", "access-reviews", "access-rules", "access-subjects")
_MADE: Json = {"generation": 1, "created_at": CREATED_AT, "created_by": "u1", "revision": 7}
READ_PODS: Json = {
    "verbs": ["get", "list"],
    "api_groups": [""],
    "resources": ["pods"],
    "resource_names": [],
    "non_resource_urls": [],
}
EXEC: Json = {**READ_PODS, "verbs": ["create"], "resources": ["pods/exec"]}
DANGER: Json = {"code": "pod-exec", "text": "run commands in running containers", "rule": EXEC}


def builtin_role(id_: str, name: str) -> Json:
    role = {"id": id_, "display_name": name, "description": "", "context": "project", "rules": [READ_PODS]}
    return _MADE | role | {"inherits": [], "builtin": True, "dangers": []}


class ScriptedAccess:
    def __init__(self) -> None:
        self.roles: list[Json] = [builtin_role("project-member", "Project member"), builtin_role("read-only", "Reader")]
        self.bindings: list[Json] = []
        self.projects: list[Json] = []
        self.namespaces: list[Json] = []
        self.allowed = True

    def respond(self, seen: Seen, route: str, rest: list[str]) -> Reply:
        match route:
            case "roles":
                return self._collection(seen, rest, self.roles, self._new_role)
            case "role-bindings":
                return self._collection(seen, rest, self.bindings, self._new_binding)
            case "projects":
                return self._collection(seen, rest, self.projects, self._new_project)
            case "access-reviews":
                return Reply(200, self._review(seen))
            case "access-rules":
                return Reply(200, {"revision": 7, "rules": [READ_PODS]})
            case _:
                who = {"subject": {"kind": "group", "id": "g-1"}, "binding_ids": ["rb-0000000001"]}
                return Reply(200, {"revision": 7, "subjects": [who]})

    def of_cluster(self, seen: Seen, cluster_id: str, rest: list[str]) -> Reply:
        def new(body: Json) -> Json:
            return _MADE | {"cluster_id": cluster_id, "adopt": False} | body

        return self._collection(seen, rest, self.namespaces, new, key="name")

    def _collection(self, seen: Seen, rest: list[str], items: list[Json], new: Any, key: str = "id") -> Reply:
        if not rest and seen.method == "GET":
            return Reply(200, {"items": [one for one in items if _matches(seen, one)]})
        if "validate_only" in seen.query:
            return Reply(200, self._plan())
        if not rest:
            items.append(new(seen.body))
            return Reply(201, items[-1])
        found = next((one for one in items if one[key] == rest[0]), None)
        if found is None:
            return problem(404, "not_found", "There is no such thing, or you may not see it")
        return self._one(seen, items, found)

    def _one(self, seen: Seen, items: list[Json], found: Json) -> Reply:
        if seen.method != "GET" and seen.headers.get("If-Match") != f'"{found["generation"]}"':
            return problem(412, "changed_meanwhile", "It was changed meanwhile")
        if seen.method == "DELETE":
            items.remove(found)
            return Reply(204)
        if seen.method == "PATCH":
            found |= seen.body | {"generation": found["generation"] + 1}
        return Reply(200, found)

    def _new_role(self, body: Json) -> Json:
        return _MADE | body | {"id": f"rt-{len(self.roles):010}", "builtin": False, "dangers": [DANGER, DANGER]}

    def _new_binding(self, body: Json) -> Json:
        return _MADE | body | {"id": f"rb-{len(self.bindings):010}", "dangers": [DANGER]}

    def _new_project(self, body: Json) -> Json:
        return _MADE | body | {"id": f"p-{len(self.projects):010}"}

    def _plan(self) -> Json:
        change = {
            "subject": {"kind": "user", "id": "u-1"},
            "scope": {"level": "project", "project_id": "p-0000000000"},
            "gained": [READ_PODS],
            "lost": [],
        }
        return {"dangers": [DANGER], "changes": [change]}

    def _review(self, seen: Seen) -> Json:
        answer = {"allowed": self.allowed, "visible": True, "reason": "needs get on pods", "revision": 7}
        if "explain" not in seen.query:
            return answer
        scope = {"level": "cluster", "cluster_id": "c-0000000001"}
        binding = {"id": "rb-1", "subject": {"kind": "user", "id": "u1"}, "role_id": "cluster-owner", "scope": scope}
        grant = {"binding": binding, "role_id": "admin", "rule": READ_PODS, "inherited": ["cluster-owner", "admin"]}
        grants = [grant] if self.allowed else []
        return answer | {"explanation": {"text": "", "grants": grants, "needed": READ_PODS, "scopes": [scope]}}


def _matches(seen: Seen, item: Json) -> bool:
    """Filters that name a field of the item, or of its scope."""
    known = {**item, **item.get("scope", {}), **{f"subject_{k}": v for k, v in item.get("subject", {}).items()}}
    return all(known.get(name) in values for name, values in seen.query.items())
