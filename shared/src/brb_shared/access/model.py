"""What there is: rules, roles, bindings, scopes and the world they make up, and the requests that are decided.

Scopes nest: platform → cluster → project → namespace → object. A binding holds in its scope and everywhere below it.
Ids are globally unique, names are not; a namespace is therefore named with its cluster. All classes are frozen and
compare by value; pydantic can validate and dump them as they are.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

GROUP = "brb.io"  # the api group of the platform's own resources
ALL = "*"
AUTHENTICATED = "authenticated"  # the group of everybody who has signed in
BREAK_GLASS = "local:break-glass"  # the user for emergencies, an administrator from the start


class SubjectKind(StrEnum):
    USER = "user"
    GROUP = "group"
    SERVICE_ACCOUNT = "service-account"


class Context(StrEnum):
    """What a role is about, and with that the scopes it can be bound at: see `validation.SCOPES`."""

    GLOBAL = "global"
    CLUSTER = "cluster"
    PROJECT = "project"


class Level(StrEnum):
    PLATFORM = "platform"
    CLUSTER = "cluster"
    PROJECT = "project"
    NAMESPACE = "namespace"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Rule:
    """A PolicyRule of Kubernetes, about resources or about URLs. Without names it is for every name and for none."""

    verbs: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()
    non_resource_urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A RoleTemplate. `inherits` names roles by id; their rules are added."""

    id: str
    display_name: str
    context: Context
    rules: tuple[Rule, ...] = ()
    inherits: tuple[str, ...] = ()
    builtin: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    kind: SubjectKind
    id: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is. Empty = the platform.

    A project alone is enough: its cluster is known. A namespace needs its cluster: its project is known.
    """

    cluster_id: str = ""
    project_id: str = ""
    namespace: str = ""


THE_PLATFORM = Place()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a binding holds. Only the fields of its level are set."""

    level: Level
    cluster_id: str = ""
    project_id: str = ""
    namespace: str = ""
    api_group: str = ""
    resource: str = ""
    name: str = ""

    @classmethod
    def cluster(cls, cluster_id: str) -> "Scope":
        return cls(Level.CLUSTER, cluster_id=cluster_id)

    @classmethod
    def project(cls, project_id: str) -> "Scope":
        return cls(Level.PROJECT, project_id=project_id)

    @classmethod
    def of_namespace(cls, cluster_id: str, namespace: str) -> "Scope":
        return cls(Level.NAMESPACE, cluster_id=cluster_id, namespace=namespace)

    @classmethod
    def object(cls, api_group: str, resource: str, name: str, place: Place = THE_PLATFORM) -> "Scope":
        """One object and its sub-resources. `place` is where it lives; empty if its name is an id of its own."""
        return cls(Level.OBJECT, place.cluster_id, place.project_id, place.namespace, api_group, resource, name)

    @property
    def place(self) -> Place:
        return Place(self.cluster_id, self.project_id, self.namespace)


PLATFORM = Scope(Level.PLATFORM)


@dataclass(frozen=True, slots=True)
class Binding:
    id: str
    subject: Subject
    role_id: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class Project:
    id: str
    cluster_id: str


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace that is in a project. One that is in none is not listed."""

    cluster_id: str
    name: str
    project_id: str


@dataclass(frozen=True, slots=True)
class World:
    """Everything that decisions rest on, at one revision of its owner."""

    revision: int = 0
    roles: tuple[Role, ...] = ()
    bindings: tuple[Binding, ...] = ()
    projects: tuple[Project, ...] = ()
    namespaces: tuple[Namespace, ...] = ()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a user or a service account, and the ids of the groups it is in."""

    id: str
    groups: tuple[str, ...] = ()
    kind: SubjectKind = SubjectKind.USER

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """All that a binding can name to reach this actor."""
        return Subject(self.kind, self.id), *(Subject(SubjectKind.GROUP, group) for group in self.groups)


NOBODY = Actor("")


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. With `path` it is about a URL, and resource, name, project and namespace do not count."""

    actor: Actor
    verb: str
    api_group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    place: Place = THE_PLATFORM
    path: str = ""

    @classmethod
    def of(cls, actor: Actor, verb: str, resource: str, *, name: str = "", place: Place = THE_PLATFORM) -> "Request":
        """About a resource of the platform, written as routes declare it: `clusters` or `clusters/events`."""
        resource, _, subresource = resource.partition("/")
        return cls(actor, verb, GROUP, resource, subresource, name, place)

    def by(self, actor: Actor) -> "Request":
        """The same asked by someone else."""
        return replace(self, actor=actor)
