"""Who gains and who loses what by a change: the dry run of writing roles, bindings, projects or namespaces."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from brb_shared.access.coverage import compact, covers
from brb_shared.access.deltas import Delta
from brb_shared.access.escalation import restrict
from brb_shared.access.index import Index
from brb_shared.access.keys import is_within, key_of, keys_at
from brb_shared.access.model import Binding, Level, Rule, Scope, Subject
from brb_shared.access.places import Places
from brb_shared.access.roles import RoleBook

Held = tuple[tuple[str, ...], tuple[str, ...]]  # ids of roles that hold for all at a scope, and for its one object


@dataclass(frozen=True, slots=True)
class Change:
    """At this scope the subject gains and loses these rights, all that it holds from wider scopes taken into account.

    What a user has by his groups is said of the groups.
    """

    subject: Subject
    scope: Scope
    gained: tuple[Rule, ...]
    lost: tuple[Rule, ...]


@dataclass(frozen=True)
class Side:
    """The world before or after, as far as the comparison asks it."""

    book: RoleBook
    places: Places
    bindings_of: Callable[[Subject], list[Binding]]

    def held(self, subject: Subject, scope: Scope) -> Held:
        where = self.places.resolve(scope.place)
        keys = keys_at(where)
        wide, single = set(), set()
        for binding in self.bindings_of(subject):
            if binding.scope.level is not Level.OBJECT:
                if key_of(binding.scope) in keys:
                    wide.add(binding.role_id)
            elif _same_object(binding.scope, scope) and is_within(binding.scope, where):
                single.add(binding.role_id)
        return tuple(sorted(wide)), tuple(sorted(single))

    def rules(self, held: Held, scope: Scope) -> tuple[Rule, ...]:
        wide, single = ([rule for role in roles for rule in self.book.rules_of(role)] for roles in held)
        return (*wide, *restrict(single, scope))


def impact(index: Index, delta: Delta) -> tuple[Change, ...]:
    """The changes, one for each subject and scope with a binding that is touched. The index is left as it is."""
    before = Side(index.book, index.places, index.bindings_of)
    after = Side(_book_after(index, delta), _places_after(index, delta), _bindings_after(index, delta))
    compared: dict[tuple[Held, Held, Scope | None], tuple[tuple[Rule, ...], tuple[Rule, ...]]] = {}
    changes = []
    for subject, scope in dict.fromkeys(_touched(index, after, delta)):
        held, will_hold = before.held(subject, scope), after.held(subject, scope)
        key = (held, will_hold, scope if held[1] or will_hold[1] else None)
        if key not in compared:
            compared[key] = _compare(before.rules(held, scope), after.rules(will_hold, scope))
        gained, lost = compared[key]
        if gained or lost:
            changes.append(Change(subject, scope, gained, lost))
    return tuple(changes)


def _compare(before: tuple[Rule, ...], after: tuple[Rule, ...]) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    return compact(covers(before, after)), compact(covers(after, before))


def _touched(index: Index, after: Side, delta: Delta) -> Iterator[tuple[Subject, Scope]]:
    for role_id in (*(role.id for role in delta.roles), *delta.removed_roles):
        for heir in index.book.heirs(role_id) | after.book.heirs(role_id):
            yield from ((binding.subject, binding.scope) for binding in index.bindings_of_role(heir))
    for binding_id in (*(binding.id for binding in delta.bindings), *delta.removed_bindings):
        if known := index.binding(binding_id):
            yield known.subject, known.scope
    yield from ((binding.subject, binding.scope) for binding in delta.bindings)
    for cluster_id, name in _moved_namespaces(index, delta):
        scope = Scope.of_namespace(cluster_id, name)
        homes = {places.project_of(cluster_id, name) for places in (index.places, after.places)}
        for home in filter(None, homes):
            yield from ((binding.subject, scope) for binding in index.bindings_at(Scope.project(home)))


def _moved_namespaces(index: Index, delta: Delta) -> Iterator[tuple[str, str]]:
    yield from ((namespace.cluster_id, namespace.name) for namespace in delta.namespaces)
    yield from delta.removed_namespaces
    for project_id in delta.removed_projects:
        yield from index.places.namespaces_in(project_id)


def _book_after(index: Index, delta: Delta) -> RoleBook:
    book = RoleBook(index.roles())
    book.apply(delta)
    return book


def _places_after(index: Index, delta: Delta) -> Places:
    places = index.places.copy()
    places.apply(delta)
    return places


def _bindings_after(index: Index, delta: Delta) -> Callable[[Subject], list[Binding]]:
    gone = {*delta.removed_bindings, *(binding.id for binding in delta.bindings)}
    fresh: dict[Subject, list[Binding]] = {}
    for binding in delta.bindings:
        fresh.setdefault(binding.subject, []).append(binding)

    def bindings_of(subject: Subject) -> list[Binding]:
        kept = [binding for binding in index.bindings_of(subject) if binding.id not in gone]
        return kept + fresh.get(subject, [])

    return bindings_of


def _same_object(one: Scope, other: Scope) -> bool:
    same_name = (one.api_group, one.resource, one.name) == (other.api_group, other.resource, other.name)
    return other.level is Level.OBJECT and same_name
