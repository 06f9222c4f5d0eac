"""A platform of some size, made by chance: the built-in roles and custom ones, bound to users and their groups.

Users hold something in a few places each, most by their groups, as people do; and they ask where they hold something,
except now and then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from brb_shared.access.builtin import BUILT_INS
from brb_shared.access.model import (
    AUTHENTICATED,
    PLATFORM,
    Actor,
    Binding,
    Context,
    Level,
    Namespace,
    Place,
    Project,
    Request,
    Role,
    Rule,
    Scope,
    Subject,
    SubjectKind,
    World,
)
from brb_shared.access.resources import RESOURCES

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete")
WEIGHTS = (40, 25, 10, 8, 5, 8, 4)
KUBERNETES = {
    "": ("pods", "pods/log", "pods/exec", "services", "configmaps", "secrets", "events", "nodes", "serviceaccounts"),
    "apps": ("deployments", "deployments/scale", "statefulsets", "daemonsets", "replicasets"),
    "batch": ("jobs", "cronjobs"),
    "networking.k8s.io": ("ingresses", "networkpolicies"),
}
CLUSTER_ROLES = ("cluster-member", "cluster-viewer", "nodes-manager", "backups-manager")
PLATFORM_RESOURCES = tuple(resource.name for resource in RESOURCES)
PARTS = ("dev", "test", "live", "data", "jobs")  # the namespaces of a project
CUSTOM_ROLES = 40
OWN_PLACES = 0.85  # of the questions are about a place in which the asker holds something
SKEW = 1.1  # of how often people ask: the exponent of a Zipf distribution


@dataclass(frozen=True)
class Size:
    bindings: int

    @property
    def users(self) -> int:
        return self.bindings // 10

    @property
    def groups(self) -> int:
        return max(5, self.bindings // 50)

    @property
    def clusters(self) -> int:
        return max(2, self.bindings // 500)

    @property
    def projects(self) -> int:
        return self.clusters * 10


class Platform:
    """`world`, and the people in it."""

    def __init__(self, size: Size, seed: int = 5) -> None:
        self._random = Random(seed)
        self.clusters = [f"c-{number:05d}" for number in range(size.clusters)]
        self._make_places(size)
        custom = tuple(self._custom_role(f"custom-{number:02d}") for number in range(CUSTOM_ROLES))
        self._project_roles = ("project-member", "read-only", "project-owner", *(role.id for role in custom))
        groups = [f"g-{number:05d}" for number in range(size.groups)]
        self.actors = [
            Actor(f"u-{number:05d}", (AUTHENTICATED, *self._random.sample(groups, self._random.randint(1, 5))))
            for number in range(size.users)
        ]
        self._held: dict[Subject, list[Scope]] = {}
        bindings = tuple(self._bindings(size, groups))
        self.world = World(1, (*BUILT_INS, *custom), bindings, self._projects, self._namespaces)

    def _make_places(self, size: Size) -> None:
        self._projects = tuple(
            Project(f"p-{number:05d}", self.clusters[number % size.clusters]) for number in range(size.projects)
        )
        self._inside = {
            project.id: [Namespace(project.cluster_id, f"{project.id}-{part}", project.id) for part in PARTS]
            for project in self._projects
        }
        self._namespaces = tuple(namespace for inside in self._inside.values() for namespace in inside)

    def questions(self, count: int, *, repeated: bool, seed: int = 7) -> list[Request]:
        """`repeated`: few people ask most of them, about few places each. Else each asker and place is a new pair."""
        self._random = Random(seed)
        if not repeated:
            return [self._question(*self._pair(self._random.choice(self.actors))) for _ in range(count)]
        seats = [self._pair(self._random.choice(self.actors)) for _ in range(min(count, 5 * len(self.actors)))]
        weights = [1 / (rank + 1) ** SKEW for rank in range(len(seats))]
        return [self._question(*seat) for seat in self._random.choices(seats, weights, k=count)]

    def _bindings(self, size: Size, groups: list[str]) -> Iterator[Binding]:
        yield Binding("b-all", Subject(SubjectKind.GROUP, AUTHENTICATED), "user", PLATFORM)
        yield Binding("b-admin", Subject(SubjectKind.USER, self.actors[0].id), "platform-admin", PLATFORM)
        for number in range(size.bindings - 2):
            subject = self._subject(groups)
            role_id, scope = self._grant()
            self._held.setdefault(subject, []).append(scope)
            yield Binding(f"b-{number:06d}", subject, role_id, scope)

    def _subject(self, groups: list[str]) -> Subject:
        if self._random.random() < 0.4:
            return Subject(SubjectKind.USER, self._random.choice(self.actors).id)
        return Subject(SubjectKind.GROUP, self._random.choice(groups))

    def _grant(self) -> tuple[str, Scope]:
        kind = self._random.random()
        if kind < 0.003:
            return "auditor", PLATFORM
        if kind < 0.15:
            return self._random.choice(CLUSTER_ROLES), Scope.cluster(self._random.choice(self.clusters))
        role_id = self._random.choice(self._project_roles)
        if kind < 0.65:
            return role_id, Scope.project(self._random.choice(self._projects).id)
        namespace = self._random.choice(self._namespaces)
        return role_id, Scope.of_namespace(namespace.cluster_id, namespace.name)

    def _custom_role(self, role_id: str) -> Role:
        rules = []
        for group, kinds in KUBERNETES.items():
            resources = tuple(self._random.sample(kinds, self._random.randint(1, len(kinds))))
            names = ("settings", "main") if self._random.random() < 0.1 else ()
            rules.append(Rule(tuple(self._random.sample(VERBS, 3)), (group,), resources, names))
        return Role(role_id, role_id, Context.PROJECT, tuple(rules))

    def _pair(self, actor: Actor) -> tuple[Actor, Place]:
        """Somebody, and a place to ask about."""
        held = [scope for subject in actor.subjects for scope in self._held.get(subject, ())]
        if not held or self._random.random() > OWN_PLACES:
            namespace = self._random.choice(self._namespaces)
            return actor, Place(namespace.cluster_id, "", namespace.name)
        return actor, self._place_in(self._random.choice(held))

    def _place_in(self, scope: Scope) -> Place:
        if scope.level is Level.PROJECT:
            namespace = self._random.choice(self._inside[scope.project_id])
            return Place(namespace.cluster_id, "", namespace.name)
        return scope.place

    def _question(self, actor: Actor, place: Place) -> Request:
        verb = self._random.choices(VERBS, WEIGHTS)[0]
        name = "main" if verb in ("get", "update", "patch", "delete") else ""
        if self._random.random() < 0.5:
            return Request.of(actor, verb, self._random.choice(PLATFORM_RESOURCES), name=name, place=place)
        group = self._random.choice(tuple(KUBERNETES))
        kind, _, subresource = self._random.choice(KUBERNETES[group]).partition("/")
        return Request(actor, verb, group, kind, subresource, name, place)
