"""Why it is allowed or what would be needed, who can, and what one can do."""

from collections.abc import Iterator
from dataclasses import dataclass

from brb_shared.access.coverage import compact
from brb_shared.access.decisions import describe, refusal
from brb_shared.access.index import Index
from brb_shared.access.keys import ObjectKey, Where
from brb_shared.access.matching import rule_allows
from brb_shared.access.model import PLATFORM, Actor, Binding, Place, Request, Role, Rule, Scope, Subject


@dataclass(frozen=True, slots=True)
class Grant:
    """One reason: this rule of this role, reached from the bound role by `inherited` (both ends included)."""

    binding: Binding
    role: Role
    rule: Rule
    inherited: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`grants` is empty if it is not allowed; then a role with `needed`, bound at any of `scopes`, would allow it."""

    allowed: bool
    grants: tuple[Grant, ...]
    needed: Rule
    scopes: tuple[Scope, ...]
    text: str
    revision: int


@dataclass(frozen=True, slots=True)
class Who:
    """A subject that can, and the bindings by which it can."""

    subject: Subject
    binding_ids: tuple[str, ...]


def explain(index: Index, request: Request) -> Explanation:
    """All reasons, widest scope first. Allowed exactly when `Index.check` says so."""
    subjects = frozenset(request.actor.subjects)
    held = (binding for binding in _bindings(index, request) if binding.subject in subjects)
    grants = tuple(grant for binding in held for grant in _grants(index, binding, request))
    where = index.places.resolve(_place(request))
    text = _because(grants[0], request) if grants else refusal(request)
    return Explanation(bool(grants), grants, needed(request), scopes_of(request, where), text, index.revision)


def who_can(index: Index, request: Request) -> tuple[Who, ...]:
    """Every subject for whom it is allowed by a binding of its own; `request.actor` does not count.

    Groups are named as groups: who is in them is known to the identity providers.
    """
    found: dict[Subject, list[str]] = {}
    for binding in _bindings(index, request):
        if any(_grants(index, binding, request)):
            found.setdefault(binding.subject, []).append(binding.id)
    return tuple(Who(subject, tuple(ids)) for subject, ids in found.items())


def what_can(index: Index, actor: Actor, place: Place) -> tuple[Rule, ...]:
    """The actor's rules at a place, fit to be read."""
    return compact(index.rules_of(actor, place))


def needed(request: Request) -> Rule:
    """The smallest rule that allows it."""
    if request.path:
        return Rule((request.verb,), non_resource_urls=(request.path,))
    resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    names = (request.name,) if request.name else ()
    return Rule((request.verb,), (request.api_group,), (resource,), names)


def scopes_of(request: Request, where: Where) -> tuple[Scope, ...]:
    """The scopes at which a binding would reach the request, narrowest first."""
    cluster_id, project_id, namespace = where
    scopes = (
        request.name and not request.path and Scope.object(*_key(request), place=Place(*where)),
        namespace and Scope.of_namespace(cluster_id, namespace),
        project_id and Scope.project(project_id),
        cluster_id and Scope.cluster(cluster_id),
        PLATFORM,
    )
    return tuple(scope for scope in scopes if scope)


def _bindings(index: Index, request: Request) -> Iterator[Binding]:
    key = _key(request) if request.name and not request.path else None
    return index.bindings_over(_place(request), key)


def _place(request: Request) -> Place:
    """A URL belongs to no project."""
    return Place(request.place.cluster_id) if request.path else request.place


def _key(request: Request) -> ObjectKey:
    return request.api_group, request.resource, request.name


def _grants(index: Index, binding: Binding, request: Request) -> Iterator[Grant]:
    for way, role in index.book.lineage(binding.role_id):
        for rule in role.rules:
            if rule_allows(rule, request):
                yield Grant(binding, role, rule, way)


def _because(grant: Grant, request: Request) -> str:
    via = f", inherited by {' ← '.join(grant.inherited[:-1])}" if len(grant.inherited) > 1 else ""
    subject = f"{grant.binding.subject.kind.value} {grant.binding.subject.id}"
    return (
        f"{subject} may {describe(request)}: role {grant.role.id}{via}, "
        f"bound by {grant.binding.id} at {grant.binding.scope.level.value} scope."
    )
