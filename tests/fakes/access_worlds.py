"""Worlds and requests made by chance, from few words, so that roles, bindings and requests meet often."""

from dataclasses import dataclass, replace
from random import Random

from brb_shared.access.model import (
    GROUP,
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

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate")
GROUPS = ("", "apps", "rbac.authorization.k8s.io", GROUP)
KINDS = ("pods", "secrets", "deployments", "clusters", "roles", "nodes", "namespaces")
SUBRESOURCES = ("log", "scale", "status", "events")
NAMES = ("one", "two", "three", "*")
URLS = ("/", "/api", "/api/v1", "/apis/apps/v1", "/healthz", "/metrics", "/version")
URL_PATTERNS = (*URLS, "*", "/*", "/api*", "/api/*", "/apis/*", "/api/*/x", "/metrics**")
USERS = tuple(f"u-{number}" for number in range(8))
TEAMS = tuple(f"g-{number}" for number in range(5))
ACCOUNTS = ("sa-0", "sa-1", "u-0")  # an account may have the id of a user: they are two
ROLES = tuple(f"r-{number}" for number in range(10))
MISSING_ROLE = "r-missing"
CLUSTERS = ("c-0", "c-1")
PROJECTS = ("p-0", "p-1", "p-2")
NAMESPACES = ("default", "web", "data", "loose")


@dataclass
class Chance:
    """A seeded source of everything there is in `model`."""

    random: Random
    has_objects: bool = False  # bindings to single objects, which Kubernetes does not know

    def world(self, bindings: int = 30) -> World:
        return World(
            1,
            tuple(self.role(role_id) for role_id in ROLES),
            tuple(self.binding(f"b-{number}") for number in range(bindings)),
            tuple(self.project(project_id) for project_id in PROJECTS),
            tuple(self.namespace(cluster, name) for cluster in CLUSTERS for name in NAMESPACES[:-1]),
        )

    def role(self, role_id: str) -> Role:
        rules = tuple(self.rule() for _ in range(self.random.randint(0, 4)))
        parents = self.some((*ROLES, MISSING_ROLE), 2) if self.random.random() < 0.3 else ()
        return Role(role_id, role_id, Context.PROJECT, rules, parents)

    def rule(self) -> Rule:
        """About resources, now and then about URLs, rarely about both, which stored roles never are."""
        kind = self.random.random()
        urls = self.some(URL_PATTERNS, 2) if kind < 0.2 else ()
        if kind < 0.15:
            return Rule(self.verbs(), non_resource_urls=urls)
        names = self.some(NAMES, 2) if self.random.random() < 0.2 else ()
        resources = tuple(self.resource() for _ in range(self.random.randint(1, 3)))
        return Rule(self.verbs(), self.or_all(GROUPS, 2), resources, names, urls)

    def verbs(self) -> tuple[str, ...]:
        return self.or_all(VERBS, 4)

    def resource(self) -> str:
        """`pods`, `pods/log`, `*/log` or `*`, as rules write it."""
        form = self.random.random()
        if form < 0.05:
            return "*"
        kind = "*" if form < 0.2 else self.random.choice(KINDS)
        return f"{kind}/{self.random.choice(SUBRESOURCES)}" if form < 0.45 else kind

    def subject(self) -> Subject:
        kind = self.random.choice(tuple(SubjectKind))
        ids = {SubjectKind.USER: USERS, SubjectKind.GROUP: TEAMS, SubjectKind.SERVICE_ACCOUNT: ACCOUNTS}[kind]
        return Subject(kind, self.random.choice(ids))

    def binding(self, binding_id: str) -> Binding:
        role_id = MISSING_ROLE if self.random.random() < 0.05 else self.random.choice(ROLES)
        return Binding(binding_id, self.subject(), role_id, self.scope())

    def scope(self) -> Scope:
        levels = tuple(Level) if self.has_objects else tuple(level for level in Level if level is not Level.OBJECT)
        match self.random.choice(levels):
            case Level.PLATFORM:
                return PLATFORM if self.random.random() < 0.3 else Scope.cluster(self.random.choice(CLUSTERS))
            case Level.CLUSTER:
                return Scope.cluster(self.random.choice(CLUSTERS))
            case Level.PROJECT:
                return Scope.project(self.random.choice(PROJECTS))
            case Level.NAMESPACE:
                return Scope.of_namespace(self.random.choice(CLUSTERS), self.random.choice(NAMESPACES))
            case Level.OBJECT:
                kind, name = self.random.choice(KINDS), self.random.choice(NAMES)
                return Scope.object(self.random.choice(GROUPS), kind, name, self.place())

    def project(self, project_id: str) -> Project:
        return Project(project_id, self.random.choice(CLUSTERS))

    def namespace(self, cluster_id: str, name: str) -> Namespace:
        """Now and then in a project of another cluster, which then does not count."""
        return Namespace(cluster_id, name, self.random.choice(PROJECTS))

    def place(self) -> Place:
        kind = self.random.random()
        if kind < 0.1:
            return Place()
        if kind < 0.3:
            return Place(self.random.choice(CLUSTERS))
        return Place(self.random.choice(CLUSTERS), "", self.random.choice(NAMESPACES))

    def actor(self) -> Actor:
        teams = self.some(TEAMS, 3) if self.random.random() < 0.7 else ()
        if self.random.random() < 0.2:
            return Actor(self.random.choice(ACCOUNTS), teams, SubjectKind.SERVICE_ACCOUNT)
        return Actor(self.random.choice(USERS), teams)

    def request(self) -> Request:
        """Any, with words of which about half are in some rule."""
        if self.random.random() < 0.1:
            return Request(self.actor(), self.random.choice(VERBS), place=self.place(), path=self.random.choice(URLS))
        subresource = self.random.choice(SUBRESOURCES) if self.random.random() < 0.3 else ""
        name = self.random.choice(NAMES) if self.random.random() < 0.5 else ""
        kind, group = self.random.choice(KINDS), self.random.choice(GROUPS)
        return Request(self.actor(), self.random.choice(VERBS), group, kind, subresource, name, self.place())

    def aimed_request(self, world: World) -> Request:
        """One that a binding allows, or that misses it by one property."""
        binding = self.random.choice(world.bindings)
        role = next((role for role in world.roles if role.id == binding.role_id and role.rules), None)
        request = self.request().by(self._bearer(binding.subject))
        request = replace(request, place=self._within(binding.scope, world))
        if role is None:
            return request
        request = self._matching(self.random.choice(role.rules), request)
        return self._missing(request) if self.random.random() < 0.4 else request

    def some(self, of: tuple[str, ...], most: int) -> tuple[str, ...]:
        return tuple(self.random.sample(of, self.random.randint(1, most)))

    def or_all(self, of: tuple[str, ...], most: int) -> tuple[str, ...]:
        return ("*",) if self.random.random() < 0.15 else self.some(of, most)

    def _bearer(self, subject: Subject) -> Actor:
        if subject.kind is SubjectKind.GROUP:
            return replace(self.actor(), groups=(*self.some(TEAMS, 2), subject.id))
        return Actor(subject.id, self.some(TEAMS, 2), subject.kind)

    def _within(self, scope: Scope, world: World) -> Place:
        if scope.level is Level.PROJECT:
            inside = [space for space in world.namespaces if space.project_id == scope.project_id]
            if inside:
                space = self.random.choice(inside)
                return Place(space.cluster_id, "", space.name)
            return self.place()
        if scope.level is Level.CLUSTER and self.random.random() < 0.5:
            return Place(scope.cluster_id, "", self.random.choice(NAMESPACES))
        return self.place() if scope.level is Level.PLATFORM else scope.place

    def _matching(self, rule: Rule, request: Request) -> Request:
        verb = request.verb if "*" in rule.verbs else self.random.choice(rule.verbs)
        if rule.non_resource_urls:
            path = self.random.choice(rule.non_resource_urls).replace("*", "v1")
            return replace(request, verb=verb, path=path or "/")
        group = request.api_group if "*" in rule.api_groups else self.random.choice(rule.api_groups)
        kind, _, subresource = self.random.choice(rule.resources).partition("/")
        kind = self.random.choice(KINDS) if kind == "*" else kind
        name = self.random.choice(rule.resource_names) if rule.resource_names else request.name
        return Request(request.actor, verb, group, kind, subresource, name, request.place)

    def _missing(self, request: Request) -> Request:
        """Another one of its properties: it may still be allowed."""
        other = self.request()
        field = self.random.choice(("actor", "verb", "api_group", "resource", "subresource", "name", "place", "path"))
        return replace(request, **{field: getattr(other, field)})
