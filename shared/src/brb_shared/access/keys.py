"""Scopes as keys: short strings that a look-up finds quickly."""

from typing import assert_never

from brb_shared.access.model import Level, Scope

Where = tuple[str, str, str]  # cluster, project and namespace of a place, as far as they are known; see places.py
ObjectKey = tuple[str, str, str]  # api group, resource, name

PLATFORM_KEY = "platform"


def key_of(scope: Scope) -> str:
    """Of any scope wider than an object. Ids hold no NUL (PostgreSQL stores none), so no two scopes share a key."""
    match scope.level:
        case Level.PLATFORM:
            return PLATFORM_KEY
        case Level.CLUSTER:
            return cluster_key(scope.cluster_id)
        case Level.PROJECT:
            return project_key(scope.project_id)
        case Level.NAMESPACE:
            return namespace_key(scope.cluster_id, scope.namespace)
        case Level.OBJECT:
            raise ValueError("nothing is below an object")
        case _:
            assert_never(scope.level)


def cluster_key(cluster_id: str) -> str:
    return f"cluster\0{cluster_id}"


def project_key(project_id: str) -> str:
    return f"project\0{project_id}"


def namespace_key(cluster_id: str, namespace: str) -> str:
    return f"namespace\0{cluster_id}\0{namespace}"


def keys_at(where: Where) -> tuple[str, ...]:
    """The keys of all scopes that a place is in, widest first."""
    cluster_id, project_id, namespace = where
    keys = [PLATFORM_KEY]
    if cluster_id:
        keys.append(cluster_key(cluster_id))
    if project_id:
        keys.append(project_key(project_id))
    if namespace:
        keys.append(namespace_key(cluster_id, namespace))
    return tuple(keys)


def object_key(scope: Scope) -> ObjectKey:
    return scope.api_group, scope.resource, scope.name


def is_within(scope: Scope, where: Where) -> bool:
    """Whether the place that an object's scope names, as far as it names one, is where the request happens."""
    cluster_id, project_id, namespace = where
    return (
        scope.cluster_id in ("", cluster_id)
        and scope.project_id in ("", project_id)
        and scope.namespace in ("", namespace)
    )
