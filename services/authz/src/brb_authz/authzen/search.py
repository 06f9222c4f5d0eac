"""Searches: who, which, what. Pure, over an index and the ids that are known.

What cannot be listed is not found: the members of a group (its issuer knows them, the group itself is a result of type
`group`), and objects that no rule and no table names.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from brb_authz.authzen.mapping import actor_of, place_of, requests_of
from brb_authz.authzen.schemas import Action, ActionSearch, ResourceSearch, SubjectSearch
from brb_shared.access.explain import who_can
from brb_shared.access.index import Index
from brb_shared.access.model import ALL, NOBODY, Actor, Binding, Level, Place, Rule, SubjectKind

VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")

Known = Mapping[str, Iterable[str]]
"""Ids of objects by resource: what the tables have."""


def find_subjects(index: Index, asked: SubjectSearch) -> list[dict[str, Any]]:
    type_ = asked.subject.type
    if type_ not in set(SubjectKind):
        return []
    resource = asked.resource
    requests = requests_of(NOBODY, asked.action, resource.type, resource.id, resource.properties)
    subjects = {who.subject for request in requests for who in who_can(index, request)}
    return [{"type": type_, "id": id_} for id_ in sorted(one.id for one in subjects if one.kind == type_)]


def find_resources(index: Index, asked: ResourceSearch, known: Known) -> list[dict[str, Any]]:
    actor = actor_of(asked.subject.type, asked.subject.id, asked.subject.properties)
    if actor is None:
        return []
    type_, properties = asked.resource.type, asked.resource.properties
    names = {*known.get(type_, ()), *_named(index, actor, type_.partition("/")[0], place_of(properties))}
    found = [name for name in names if _may(index, actor, asked.action, type_, name, properties)]
    return [{"type": type_, "id": name} for name in sorted(found)]


def find_actions(index: Index, asked: ActionSearch) -> list[dict[str, Any]]:
    """Names only: a verb that asks for a property of the action (`delete?soft=true`) is none by itself."""
    actor = actor_of(asked.subject.type, asked.subject.id, asked.subject.properties)
    if actor is None:
        return []
    resource = asked.resource
    spoken = {verb for rule in _rules(index, actor, place_of(resource.properties)) for verb in rule.verbs}
    verbs = {verb for verb in spoken.union(VERBS) if verb != ALL and "?" not in verb}
    found = [
        verb for verb in verbs if _may(index, actor, Action(name=verb), resource.type, resource.id, resource.properties)
    ]
    return [{"name": verb} for verb in sorted(found)]


def _may(index: Index, actor: Actor, action: Action, type_: str, id_: str, properties: Mapping[str, Any]) -> bool:
    return any(index.check(request) for request in requests_of(actor, action, type_, id_, properties))


def _named(index: Index, actor: Actor, resource: str, place: Place) -> Iterable[str]:
    """Objects that the actor's rules and bindings name."""
    for rule in _rules(index, actor, place):
        if resource in rule.resources or ALL in rule.resources:
            yield from (name for name in rule.resource_names if "=" not in name)
    for binding in _object_bindings(index, actor):
        if binding.scope.resource == resource:
            yield binding.scope.name


def _rules(index: Index, actor: Actor, place: Place) -> list[Rule]:
    rules = list(index.rules_of(actor, place))
    for binding in _object_bindings(index, actor):
        rules += index.rules_of_role(binding.role_id)
    return rules


def _object_bindings(index: Index, actor: Actor) -> list[Binding]:
    mine = (binding for subject in actor.subjects for binding in index.bindings_of(subject))
    return [binding for binding in mine if binding.scope.level is Level.OBJECT]
