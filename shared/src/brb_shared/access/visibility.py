"""What an actor can see at all: what decides between 404 and 403, and what lists contain.

One sees a cluster, project or namespace if one holds anything in it or in a part of it. A platform-wide role shows
places only if it lets one read them: the role that everybody has must not show everybody's clusters.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from brb_shared.access.index import Index
from brb_shared.access.keys import is_within
from brb_shared.access.model import GROUP, THE_PLATFORM, Actor, Level, Place, Request, Scope
from brb_shared.access.roles import EVERY_NAME

READING = ("get", "list", "watch")


@dataclass(frozen=True, slots=True)
class Visible:
    """Ids or names, or everything there is."""

    everything: bool = False
    ids: frozenset[str] = frozenset()

    def __contains__(self, id: object) -> bool:
        return self.everything or id in self.ids


def visible_clusters(index: Index, actor: Actor) -> Visible:
    """Cluster ids: all if the actor reads clusters platform-wide, else those he holds something in."""
    readable = _readable(index, actor, THE_PLATFORM, "clusters")
    return _with(readable, (_cluster_of(index, scope) for scope in _scopes(index, actor)))


def visible_projects(index: Index, actor: Actor) -> Visible:
    """Project ids, also all of those in clusters where the actor reads projects."""
    readable = _readable(index, actor, THE_PLATFORM, "projects")
    return _with(readable, (project for scope in _scopes(index, actor) for project in _projects(index, actor, scope)))


def visible_namespaces(index: Index, actor: Actor, cluster_id: str) -> Visible:
    """Names of namespaces of one cluster, also all of those in projects where the actor holds anything."""
    place = Place(cluster_id)
    readable = [_readable(index, actor, place, "namespaces", group) for group in ("", GROUP)]
    if any(seen.everything for seen in readable):
        return Visible(everything=True)
    names = (name for scope in _scopes(index, actor) for name in _namespaces(index, scope, cluster_id))
    return Visible(ids=frozenset(names).union(*(seen.ids for seen in readable)))


def allowed_objects(
    index: Index, actor: Actor, verb: str, resource: str, place: Place = THE_PLATFORM, api_group: str = GROUP
) -> Visible:
    """For which objects of a resource at a place the verb is allowed: all, or these. What a list may contain."""
    kind, _, subresource = resource.partition("/")
    asked = (verb, api_group, kind, subresource)
    names = _names(table.names(asked) for table in index.reach(actor, place).tables)
    if names.everything:
        return names
    where = index.places.resolve(place)
    for binding in index.bindings_for(actor):
        scope = binding.scope
        about = scope.level is Level.OBJECT and (scope.api_group, scope.resource) == (api_group, kind)
        if about and is_within(scope, where) and index.allowed_by(binding, asked, scope.name):
            names = _with(names, (scope.name,))
    return names


def allowed_within(index: Index, request: Request) -> bool:
    """Whether it is allowed at the place, or anywhere in it.

    For what belongs to a place as a whole but is due to everybody who has something in it: a member of a project gets a
    kubeconfig of its cluster.
    """
    if index.check(request):
        return True
    where = index.places.resolve(request.place)
    inside = (index.places.resolve(scope.place) for scope in _scopes(index, request.actor))
    places = {found for found in inside if all(not part or part == at for part, at in zip(where, found, strict=True))}
    return any(index.check(replace(request, place=Place(*found))) for found in places)


def sees(index: Index, actor: Actor, place: Place) -> bool:
    """Whether the place exists for the actor. The platform does for everybody."""
    cluster_id, project_id, namespace = index.places.resolve(place)
    if place.namespace and namespace:
        return namespace in visible_namespaces(index, actor, cluster_id)
    if place.project_id and project_id:
        return project_id in visible_projects(index, actor)
    if place.cluster_id and cluster_id:
        return cluster_id in visible_clusters(index, actor)
    return place == THE_PLATFORM


def _readable(index: Index, actor: Actor, place: Place, resource: str, group: str = GROUP) -> Visible:
    tables = index.reach(actor, place).tables
    return _names(table.names((verb, group, resource, "")) for table in tables for verb in READING)


def _names(found: Iterable[frozenset[str]]) -> Visible:
    names: set[str] = set()
    for some in found:
        if some is EVERY_NAME:
            return Visible(everything=True)
        names |= some
    return Visible(ids=frozenset(names))


def _with(visible: Visible, ids: Iterable[str]) -> Visible:
    return visible if visible.everything else Visible(ids=visible.ids | frozenset(filter(None, ids)))


def _scopes(index: Index, actor: Actor) -> Iterator[Scope]:
    """The scopes below the platform in which the actor holds a role that allows anything."""
    held = dict.fromkeys((binding.scope, binding.role_id) for binding in index.bindings_for(actor))
    return (scope for scope, role in held if scope.level is not Level.PLATFORM and index.rules_of_role(role))


def _cluster_of(index: Index, scope: Scope) -> str:
    named = _platform_object(scope, "clusters")
    return named or index.places.resolve(scope.place)[0] or scope.cluster_id


def _projects(index: Index, actor: Actor, scope: Scope) -> Iterable[str]:
    if scope.level is not Level.CLUSTER:
        return (_platform_object(scope, "projects") or index.places.resolve(scope.place)[1],)
    readable = _readable(index, actor, scope.place, "projects")
    return index.places.projects_in(scope.cluster_id) if readable.everything else readable.ids


def _namespaces(index: Index, scope: Scope, cluster_id: str) -> Iterable[str]:
    cluster, project, namespace = index.places.resolve(scope.place)
    if cluster != cluster_id:
        return ()
    if namespace:
        return (namespace,)
    inside = index.places.namespaces_in(project) if scope.level is Level.PROJECT else ()
    return [name for home, name in inside if home == cluster_id]


def _platform_object(scope: Scope, resource: str) -> str:
    """The name, if the scope is one object of this resource of the platform."""
    return scope.name if (scope.api_group, scope.resource) == (GROUP, resource) else ""
