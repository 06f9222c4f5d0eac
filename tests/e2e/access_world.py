"""People made up by chance who hold built-in roles in one cluster, and questions about them for the cluster too."""

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from brb_shared.access.index import Index
from brb_shared.access.model import Actor, Place, Request, World
from brb_shared.kubernetes.subjects import group_name, user_name
from e2e.harness import REPOSITORY, Brb, compose

USERS = tuple(f"u-e2e-{number}" for number in range(6))
GROUPS = ("g-e2e-one", "g-e2e-two")
NAMESPACES = ("e2e-one", "e2e-one-test", "e2e-two")
_CLUSTER_ROLES = ("cluster-owner", "cluster-member", "cluster-viewer", "nodes-manager")
_PROJECT_ROLES = ("project-owner", "project-member", "read-only")
_VERBS = ("get", "list", "watch", "create", "update", "delete", "deletecollection", "impersonate")
_RESOURCES = (
    *(("", name) for name in ("pods", "pods/log", "pods/exec", "secrets", "nodes", "namespaces", "resourcequotas")),
    *(("apps", name) for name in ("deployments", "deployments/scale", "controllerrevisions")),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("batch", "jobs"),
)
_WORLD = TypeAdapter(World)


class Authz:
    """authz as the gateway reaches it, acting for a user; '' is the gateway itself."""

    def __init__(self, user_id: str, *groups: str) -> None:
        self._actor = (user_id, *groups)

    @classmethod
    def of(cls, brb: Brb) -> "Authz":
        """Whoever is signed in there."""
        session = brb.json("whoami")
        return cls(session["user"]["id"], f"keystone:{session['cloud']}:{session['project']['id']}")

    def __call__(self, *requests: tuple[str, str, Any]) -> list[Any]:
        """The answers' documents. Raises AssertionError if one is no success."""
        script = (Path(__file__).parent / "access_actor.py").read_text()
        command = [str(REPOSITORY / "deploy/up"), "compose", "exec", "-T", "api-gateway", "python3", "-c", script]
        done = subprocess.run(
            [*command, *self._actor], input=json.dumps(requests), capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{done.stderr}\n{compose('ps', '--all').out}"
        answers = json.loads(done.stdout)
        for (method, path, _), (status, document) in zip(requests, answers, strict=True):
            assert status < 400, f"{method} {path} → {status} {document}"
        return [document for _, document in answers]

    def index(self) -> Index:
        """The whole access world, as every service has it in memory."""
        (document,) = self(("GET", "/internal/v1/snapshot", None))
        return Index(_WORLD.validate_python(document))

    def bind(self, cluster_id: str, seed: int) -> None:
        """Two projects with their namespaces, and roles for everybody, as the same seed says."""
        chance = random.Random(seed)
        projects = [("POST", "/internal/v1/projects", _project(cluster_id, name)) for name in ("One", "Two")]
        one, two = (project["id"] for project in self(*projects))
        homes = zip(NAMESPACES, (one, one, two), strict=True)
        path = f"/internal/v1/clusters/{cluster_id}/namespaces"
        self(*(("POST", path, {"name": name, "project_id": project}) for name, project in homes))
        scopes = _scopes(cluster_id, (one, two))
        self(*(("POST", "/internal/v1/role-bindings", _binding(chance, scopes)) for _ in range(18)))


def questions(seed: int, cluster_id: str, count: int) -> Iterator[Request]:
    chance = random.Random(seed)
    for _ in range(count):
        groups = tuple(group for group in GROUPS if chance.random() < 0.3)
        group, resource = chance.choice(_RESOURCES)
        resource, _, subresource = resource.partition("/")
        place = Place(cluster_id, namespace=chance.choice((*NAMESPACES, "", "default")))
        name = chance.choice(("", "a"))
        actor, verb = Actor(chance.choice(USERS), groups), chance.choice(_VERBS)
        yield Request(actor, verb, group, resource, subresource, name, place)


def to_review(request: Request) -> dict[str, Any]:
    """The same question for the cluster, as a SubjectAccessReview."""
    attributes = {
        "verb": request.verb,
        "group": request.api_group,
        "resource": request.resource,
        "subresource": request.subresource,
        "name": request.name,
        "namespace": request.place.namespace,
    }
    groups = [group_name(group) for group in request.actor.groups]
    spec = {"user": user_name(request.actor.id), "groups": groups, "resourceAttributes": attributes}
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}


def _project(cluster_id: str, name: str) -> dict[str, Any]:
    return {"cluster_id": cluster_id, "display_name": name, "namespace_default_resource_quota": {"pods": "20"}}


def _scopes(cluster_id: str, projects: tuple[str, ...]) -> list[dict[str, str]]:
    cluster = [{"level": "cluster", "cluster_id": cluster_id}]
    inside = [{"level": "project", "project_id": project} for project in projects]
    each = [{"level": "namespace", "cluster_id": cluster_id, "namespace": name} for name in NAMESPACES]
    return cluster + inside + each


def _binding(chance: random.Random, scopes: list[dict[str, str]]) -> dict[str, Any]:
    scope = chance.choice(scopes)
    subject = chance.choice([("user", id_) for id_ in USERS] + [("group", id_) for id_ in GROUPS])
    roles = _CLUSTER_ROLES if scope["level"] == "cluster" else _PROJECT_ROLES
    return {
        "subject": {"kind": subject[0], "id": subject[1]},
        "role_id": chance.choice(roles),
        "scope": scope,
    }
