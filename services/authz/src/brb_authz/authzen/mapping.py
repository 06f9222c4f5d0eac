"""AuthZEN's entities as requests of our own. Pure.

| AuthZEN | here |
|---|---|
| subject {type, id} | user, group or service-account, and its id; `properties.groups` are its groups |
| action.name | the verb |
| resource {type, id} | the resource (`clusters`, `clusters/events`) and the object's name |
| resource.properties cluster_id, project_id, namespace, api_group | where it is; default: the platform |
| other properties of action and resource | may satisfy a rule that names one, see below |

A rule may name a property: the verb `delete?soft=true` allows the action `delete` with that property, the resource
name `owner=u-1` a resource with that property. A request is allowed by its plain words or by one of these.
So properties add nothing to roles that do not speak of them; whoever asks vouches for what he says of the resource.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from brb_authz.authzen.schemas import Action
from brb_shared.access.model import AUTHENTICATED, GROUP, Actor, Place, Request, SubjectKind

_PLACE = ("cluster_id", "project_id", "namespace")
_OURS = frozenset({*_PLACE, "api_group"})


def actor_of(type_: str, id_: str, properties: Mapping[str, Any]) -> Actor | None:
    """None: a kind of subject that we do not know, who may do nothing."""
    if type_ not in set(SubjectKind):
        return None
    groups = properties.get("groups", [])
    given = tuple(group for group in groups if isinstance(group, str)) if isinstance(groups, list) else ()
    return Actor(id_, (AUTHENTICATED, *given), SubjectKind(type_))


def place_of(properties: Mapping[str, Any]) -> Place:
    cluster_id, project_id, namespace = (_text(properties.get(field)) for field in _PLACE)
    return Place(cluster_id, project_id, namespace)


def requests_of(actor: Actor, action: Action, type_: str, id_: str, properties: Mapping[str, Any]) -> Iterator[Request]:
    """The plain request first, then the ones that properties make of it."""
    resource, _, subresource = type_.partition("/")
    group = _text(properties.get("api_group")) or GROUP
    place = place_of(properties)
    for verb in _with_properties(action.name, "?", action.properties):
        for name in (id_, *_selectors(properties)):
            yield Request(actor, verb, group, resource, subresource, name, place)


def _selectors(properties: Mapping[str, Any]) -> list[str]:
    return [f"{key}={_written(value)}" for key, value in properties.items() if key not in _OURS and _is_scalar(value)]


def _with_properties(name: str, mark: str, properties: Mapping[str, Any]) -> list[str]:
    qualified = [f"{name}{mark}{key}={_written(value)}" for key, value in properties.items() if _is_scalar(value)]
    return [name, *qualified]


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | bool | int)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
