"""One grants only what one holds: the guard on writing roles and bindings, whoever the subject is.

As in Kubernetes: the rules of a role that is written, or bound, must be covered by the rules that the actor holds at
that very scope or wider; or the actor has the verb `escalate` (to write) or `bind` (to bind) on the role. It guards
creation and update alike. The ordinary right to create or update the thing is another question, put to `Index.check`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from brb_shared.access.coverage import compact, covers
from brb_shared.access.dangerous import Danger, dangers_of
from brb_shared.access.index import Index
from brb_shared.access.model import (
    ALL,
    THE_PLATFORM,
    Actor,
    Binding,
    Level,
    Namespace,
    Place,
    Request,
    Role,
    Rule,
    Scope,
)
from brb_shared.access.roles import RoleBook


@dataclass(frozen=True, slots=True)
class Verdict:
    """`uncovered` are the rules that the actor does not hold; `dangers` are in the answer even if it is allowed."""

    allowed: bool
    reason: str
    uncovered: tuple[Rule, ...] = ()
    dangers: tuple[Danger, ...] = ()


def may_write_role(index: Index, actor: Actor, role: Role) -> Verdict:
    """Create a role, or give one these rules and parents.

    A role can be bound anywhere, so its rules, with those it inherits, must be held platform-wide. What inherits from
    it gains no more than these.
    """
    rules = rules_with(index, role)
    if _may(index, actor, "escalate", role.id, THE_PLATFORM):
        return Verdict(True, "", (), dangers_of(rules))
    return _verdict(index.rules_of(actor, THE_PLATFORM), rules, f"write role {role.id}", "escalate")


def may_bind(index: Index, actor: Actor, binding: Binding) -> Verdict:
    """Create a binding, or turn one into this. The role must exist; a missing one could be filled later by others."""
    if index.role(binding.role_id) is None:
        return Verdict(False, f"There is no role {binding.role_id}.")
    if _contradicts(index, binding.scope):
        return Verdict(False, "The scope names a place that does not exist.")
    rules, place = index.rules_of_role(binding.role_id), binding.scope.place
    if _may(index, actor, "bind", binding.role_id, place):
        return Verdict(True, "", (), dangers_of(rules))
    held = index.rules_of(actor, place)
    if binding.scope.level is Level.OBJECT:
        held += tuple(_own_for_object(index, actor, binding.scope))
        rules = tuple(restrict(rules, binding.scope))
    return _verdict(held, rules, f"bind role {binding.role_id} there", "bind")


def may_move_namespace(index: Index, actor: Actor, namespace: Namespace, to_project_id: str) -> Verdict:
    """Needs `update namespaces` where it is and where it goes: the members of one lose it, those of the other get it.

    `to_project_id` empty takes it out of its project; that, and a namespace in none, is a matter of the cluster.
    """
    target = index.places.cluster_of(to_project_id) if to_project_id else namespace.cluster_id
    if target != namespace.cluster_id:
        return Verdict(False, f"Project {to_project_id} is not in cluster {namespace.cluster_id}.")
    here = index.places.project_of(namespace.cluster_id, namespace.name)
    for project_id in (here, to_project_id):
        place = Place(namespace.cluster_id, project_id)
        if not index.check(Request.of(actor, "update", "namespaces", name=namespace.name, place=place)):
            return Verdict(False, f"To move a namespace one needs `update namespaces` in {_called(place)} too.")
    return Verdict(True, "")


def rules_with(index: Index, role: Role) -> tuple[Rule, ...]:
    """The rules that the role would have, inherited ones included, if it were written."""
    book = RoleBook(known for known in index.roles() if known.id != role.id)
    book.put(role)
    return book.rules_of(role.id)


def restrict(rules: Iterable[Rule], scope: Scope) -> Iterator[Rule]:
    """What is left of rules that are bound to a single object: those about it, with its name."""
    for rule in rules:
        resources = tuple(filter(lambda resource: _is_about(resource, scope.resource), rule.resources))
        grouped = ALL in rule.api_groups or scope.api_group in rule.api_groups
        if grouped and resources and (not rule.resource_names or scope.name in rule.resource_names):
            yield Rule(rule.verbs, (scope.api_group,), resources, (scope.name,))


def _own_for_object(index: Index, actor: Actor, scope: Scope) -> Iterator[Rule]:
    subjects = frozenset(actor.subjects)
    key = (scope.api_group, scope.resource, scope.name)
    for binding in index.bindings_over(scope.place, key):
        if binding.subject in subjects and binding.scope.level is Level.OBJECT:
            yield from restrict(index.rules_of_role(binding.role_id), scope)


def _verdict(held: tuple[Rule, ...], wanted: tuple[Rule, ...], act: str, verb: str) -> Verdict:
    uncovered = compact(covers(held, wanted))
    if not uncovered:
        return Verdict(True, "", (), dangers_of(wanted))
    reason = f"To {act} one needs every right that it gives, or the verb `{verb}` on the role."
    return Verdict(False, reason, uncovered, dangers_of(wanted))


def _may(index: Index, actor: Actor, verb: str, role_id: str, place: Place) -> bool:
    return index.check(Request.of(actor, verb, "roles", name=role_id, place=place))


def _is_about(resource: str, kind: str) -> bool:
    return resource in (ALL, kind) or resource.startswith((f"{kind}/", "*/"))


def _contradicts(index: Index, scope: Scope) -> bool:
    """A binding at a project that is not there would come into force with the project, whoever made it."""
    if scope.level is Level.PROJECT:
        return scope.project_id not in index.places.projects
    place = scope.place
    return place != THE_PLATFORM and index.places.resolve(place) == ("", "", "")


def _called(place: Place) -> str:
    return f"project {place.project_id}" if place.project_id else f"cluster {place.cluster_id}"
