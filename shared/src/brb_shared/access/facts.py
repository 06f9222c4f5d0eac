"""The world in memory, with the look-ups that decisions and answers need. Changed in place, by deltas.

A delta costs time in proportion to what it changes, whatever the size of the world.
"""

from collections.abc import Hashable, Iterator
from typing import TypeVar

from brb_shared.access.deltas import Delta
from brb_shared.access.grid import Grid
from brb_shared.access.keys import ObjectKey, is_within, key_of, keys_at, object_key
from brb_shared.access.model import Actor, Binding, Level, Place, Role, Rule, Scope, Subject, World
from brb_shared.access.places import Places
from brb_shared.access.roles import RoleBook

Key = TypeVar("Key", bound=Hashable)


class Facts:
    """Roles, places and bindings. Empty at first, at revision 0."""

    def __init__(self, world: World | None = None) -> None:
        self.load(world or World())

    def load(self, world: World) -> None:
        """Forget everything and take this world."""
        self.book = RoleBook(world.roles)
        self.places = Places()
        self._bindings: dict[str, Binding] = {}
        self._grid = Grid()
        self._of_scope: dict[str, dict[str, Binding]] = {}
        self._of_object: dict[ObjectKey, dict[str, Binding]] = {}
        self._of_subject: dict[Subject, dict[str, Binding]] = {}
        self._of_role: dict[str, dict[str, Binding]] = {}
        self.apply(Delta(world.revision, bindings=world.bindings, projects=world.projects, namespaces=world.namespaces))

    def apply(self, delta: Delta) -> None:
        """Change the world: removals first; what is not there is skipped."""
        self.book.apply(delta)
        self.places.apply(delta)
        for binding_id in delta.removed_bindings:
            self._remove_binding(binding_id)
        for binding in delta.bindings:
            self._remove_binding(binding.id)
            self._add_binding(binding)
        self.revision = delta.revision

    def world(self) -> World:
        """The whole world, as a snapshot."""
        return World(
            self.revision,
            tuple(self.book),
            tuple(self._bindings.values()),
            tuple(self.places.projects.values()),
            tuple(self.places.namespaces.values()),
        )

    # --- roles and bindings ---------------------------------------------------------------------------------------

    def role(self, role_id: str) -> Role | None:
        return self.book.get(role_id)

    def roles(self) -> Iterator[Role]:
        return iter(self.book)

    def rules_of_role(self, role_id: str) -> tuple[Rule, ...]:
        """Own and inherited."""
        return self.book.rules_of(role_id)

    def binding(self, binding_id: str) -> Binding | None:
        return self._bindings.get(binding_id)

    def bindings_at(self, scope: Scope) -> list[Binding]:
        """In exactly this scope; not those of wider ones that hold there too."""
        if scope.level is Level.OBJECT:
            same = self._of_object.get(object_key(scope), {})
            return [binding for binding in same.values() if binding.scope == scope]
        return list(self._of_scope.get(key_of(scope), {}).values())

    def bindings_of(self, subject: Subject) -> list[Binding]:
        return list(self._of_subject.get(subject, {}).values())

    def bindings_of_role(self, role_id: str) -> list[Binding]:
        """Of this very role; not of those that inherit from it."""
        return list(self._of_role.get(role_id, {}).values())

    # --- what an actor holds --------------------------------------------------------------------------------------

    def bindings_for(self, actor: Actor) -> Iterator[Binding]:
        """Every binding of the actor and its groups, wherever it holds."""
        for subject in actor.subjects:
            yield from self._of_subject.get(subject, {}).values()

    def bindings_over(self, place: Place, key: ObjectKey | None = None) -> Iterator[Binding]:
        """Every binding that holds at a place, and for the object there if one is named; widest scope first."""
        where = self.places.resolve(place)
        for scope in keys_at(where):
            yield from self._of_scope.get(scope, {}).values()
        if key:
            yield from (kept for kept in self._of_object.get(key, {}).values() if is_within(kept.scope, where))

    # --- changes --------------------------------------------------------------------------------------------------

    def _add_binding(self, binding: Binding) -> None:
        self._bindings[binding.id] = binding
        self._of_subject.setdefault(binding.subject, {})[binding.id] = binding
        self._of_role.setdefault(binding.role_id, {})[binding.id] = binding
        if binding.scope.level is Level.OBJECT:
            self._of_object.setdefault(object_key(binding.scope), {})[binding.id] = binding
            return
        scope = key_of(binding.scope)
        self._of_scope.setdefault(scope, {})[binding.id] = binding
        self._grid.add(binding.subject, scope, self.book.table(binding.role_id))

    def _remove_binding(self, binding_id: str) -> None:
        binding = self._bindings.pop(binding_id, None)
        if binding is None:
            return
        self._remove_from_scope(binding)
        if _drop(self._of_subject, binding.subject, binding.id):
            self._grid.forget(binding.subject)
        if _drop(self._of_role, binding.role_id, binding.id):
            self.book.release(binding.role_id)

    def _remove_from_scope(self, binding: Binding) -> None:
        if binding.scope.level is Level.OBJECT:
            _drop(self._of_object, object_key(binding.scope), binding.id)
            return
        scope = key_of(binding.scope)
        self._grid.discard(binding.subject, scope, self.book.table(binding.role_id))
        _drop(self._of_scope, scope, binding.id)


def _drop(groups: dict[Key, dict[str, Binding]], key: Key, binding_id: str) -> bool:
    """True if it was the last of its group."""
    group = groups[key]
    del group[binding_id]
    if group:
        return False
    del groups[key]
    return True
