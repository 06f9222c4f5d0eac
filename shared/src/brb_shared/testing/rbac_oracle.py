"""Kubernetes' own RBAC authorizer as a process that answers questions: what our decisions are compared with.

A world of ours becomes one API server per cluster. A binding at the platform or a cluster is a ClusterRoleBinding
there, one at a namespace a RoleBinding, one at a project a RoleBinding in each of its namespaces; inherited rules are
written out. A project itself, which Kubernetes does not know, is a namespace of its own name there.
"""

import json
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from brb_shared.access.model import Binding, Level, Request, Role, Rule, Subject, SubjectKind, World
from brb_shared.testing.go_programs import go_program

MODULE = Path(__file__).resolve().parents[4] / "tests" / "oracle"
BATCH = 20_000  # requests a line
ACCOUNTS = "accounts"  # the namespace that all service accounts are said to be in
RBAC = "rbac.authorization.k8s.io"
_KINDS = {SubjectKind.USER: "User", SubjectKind.GROUP: "Group"}


class OracleFailed(Exception):
    """It ended; its words are on standard error."""


@dataclass(frozen=True)
class Measured:
    """On one processor, after loading: its speed in processor time, its delays in wall time, its heap."""

    checks_per_second: float
    p50_us: float
    p99_us: float
    heap_bytes: int
    allowed: int


class RbacOracle:
    """A context manager. Building it the first time takes a minute or two."""

    def __init__(self) -> None:
        program = go_program(MODULE)
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> "RbacOracle":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)

    def load(self, world: World, clusters: Iterable[str] = ()) -> None:
        """Forget everything and take this world. `clusters`: others that requests will name."""
        objects = KubernetesObjects(world)
        self._ask({"roles": objects.shared()})
        for cluster_id in {"", *clusters, *objects.clusters}:
            self._ask({"cluster": objects.cluster(cluster_id)})

    def decide(self, requests: Iterable[Request]) -> list[bool]:
        remaining = iter(requests)
        decided: list[bool] = []
        while batch := [request_object(request) for request in islice(remaining, BATCH)]:
            decided += self._ask({"decide": batch})["allowed"]
        return decided

    def covers(self, pairs: Iterable[tuple[Sequence[Rule], Sequence[Rule]]]) -> list[tuple[Rule, ...]]:
        """What the first rules of each pair leave uncovered of the second."""
        asked = [{"owner": rule_objects(owner), "wanted": rule_objects(wanted)} for owner, wanted in pairs]
        answers = self._ask({"covers": asked})["uncovered"]
        return [tuple(map(rule_of, uncovered or ())) for uncovered in answers]

    def measure(self, requests: Iterable[Request]) -> Measured:
        return Measured(**self._ask({"measure": [request_object(request) for request in requests]})["measured"])

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise OracleFailed(f"the oracle ended with {self._process.wait(30)}")
        return dict(json.loads(answer))


class KubernetesObjects:
    """A world as objects of Kubernetes' API: one binding per role and place, whose subjects are its members."""

    def __init__(self, world: World) -> None:
        self._roles = {role.id: role for role in world.roles}
        self._cluster_of = {project.id: project.cluster_id for project in world.projects}
        self._namespaces: dict[str, list[str]] = {project.id: [f"project:{project.id}"] for project in world.projects}
        for namespace in world.namespaces:
            if self._cluster_of.get(namespace.project_id) == namespace.cluster_id:
                self._namespaces[namespace.project_id].append(namespace.name)
        self._subjects: dict[tuple[str, str, str], list[dict[str, str]]] = {}
        for binding in world.bindings:
            for cluster_id, name in self._places(binding):
                members = self._subjects.setdefault((cluster_id, name, binding.role_id), [])
                members.append(subject_object(binding.subject))
        self.clusters = {*self._cluster_of.values(), *(namespace.cluster_id for namespace in world.namespaces)}
        self.clusters |= {cluster_id for cluster_id, _, _ in self._subjects if cluster_id != "*"}
        self._of_cluster: dict[str, list[tuple[str, str, str]]] = {}
        for key in self._subjects:
            self._of_cluster.setdefault(key[0], []).append(key)

    def shared(self) -> dict[str, Any]:
        """The roles, and the bindings at the platform, which every cluster has."""
        roles = [
            {"metadata": {"name": role_id}, "rules": rule_objects(self._rules(role_id, set()))}
            for role_id in self._roles
        ]
        return {"roles": roles, "bindings": list(self._bindings("*"))}

    def cluster(self, cluster_id: str) -> dict[str, Any]:
        bindings = list(self._bindings(cluster_id))
        return {
            "name": cluster_id,
            "cluster_role_bindings": [binding for binding in bindings if not binding["metadata"]],
            "role_bindings": [binding for binding in bindings if binding["metadata"]],
        }

    def _bindings(self, cluster_id: str) -> Iterator[dict[str, Any]]:
        for key in self._of_cluster.get(cluster_id, ()):
            _, namespace, role_id = key
            yield {
                "metadata": {"namespace": namespace} if namespace else {},
                "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role_id},
                "subjects": self._subjects[key],
            }

    def _places(self, binding: Binding) -> Iterator[tuple[str, str]]:
        """As cluster and namespace; the cluster `*` is all of them."""
        scope = binding.scope
        match scope.level:
            case Level.PLATFORM:
                yield "*", ""
            case Level.CLUSTER:
                yield scope.cluster_id, ""
            case Level.NAMESPACE:
                yield scope.cluster_id, scope.namespace
            case Level.PROJECT:
                for namespace in self._namespaces.get(scope.project_id, ()):
                    yield self._cluster_of[scope.project_id], namespace
            case Level.OBJECT:
                raise ValueError("Kubernetes has no bindings to single objects")

    def _rules(self, role_id: str, seen: set[str]) -> list[Rule]:
        """Written out depth first: another way than the library's."""
        role: Role | None = self._roles.get(role_id)
        if role is None or role_id in seen:
            return []
        seen.add(role_id)
        return [*role.rules, *(rule for parent in role.inherits for rule in self._rules(parent, seen))]


def subject_object(subject: Subject) -> dict[str, str]:
    if subject.kind is SubjectKind.SERVICE_ACCOUNT:
        return {"kind": "ServiceAccount", "namespace": ACCOUNTS, "name": subject.id}
    return {"kind": _KINDS[subject.kind], "apiGroup": RBAC, "name": subject.id}


def request_object(request: Request) -> dict[str, Any]:
    actor, place = request.actor, request.place
    is_account = actor.kind is SubjectKind.SERVICE_ACCOUNT
    project = f"project:{place.project_id}" if place.project_id else ""
    return {
        "cluster": place.cluster_id,
        "user": f"system:serviceaccount:{ACCOUNTS}:{actor.id}" if is_account else actor.id,
        "groups": actor.groups,
        "verb": request.verb,
        "api_group": request.api_group,
        "resource": request.resource,
        "subresource": request.subresource,
        "name": request.name,
        "namespace": "" if request.path else place.namespace or project,
        "path": request.path,
    }


def rule_objects(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    names = {"api_groups": "apiGroups", "resource_names": "resourceNames", "non_resource_urls": "nonResourceURLs"}
    return [{names.get(key, key): value for key, value in asdict(rule).items() if value} for rule in rules]


def rule_of(rule: dict[str, Any]) -> Rule:
    """Of an object of Kubernetes' API, in which absent and null are empty."""
    names = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
    return Rule(*(tuple(rule.get(name) or ()) for name in names))
