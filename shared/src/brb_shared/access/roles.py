"""Roles with what they inherit, compiled.

`RoleBook` knows the roles; a `Table` answers for one of them, its inherited rules included. Bindings and the index's
memory point at tables, never at roles: a changed role empties its table and those of its inheritors, and no binding is
touched.
"""

from collections.abc import Iterable, Iterator

from brb_shared.access.deltas import Delta
from brb_shared.access.matching import one_of, url_allowed
from brb_shared.access.model import ALL, Role, Rule

Asked = tuple[str, str, str, str]  # verb, api group, resource, sub-resource

EVERY_NAME: frozenset[str] = frozenset({"*"})  # told by identity: a rule may name an object "*"
NO_NAME: frozenset[str] = frozenset()
MOST_VERDICTS = 4096  # what one table remembers; callers choose what they ask, so it needs a bound


class Table:
    """What one role allows. Answers are remembered until the role, or one it inherits from, changes."""

    __slots__ = ("_by_resource", "_rules", "book", "role_id", "verdicts")

    def __init__(self, book: "RoleBook", role_id: str) -> None:
        self.book = book
        self.role_id = role_id
        self.verdicts: dict[Asked, frozenset[str]] = {}
        self._rules: tuple[Rule, ...] | None = None
        self._by_resource: dict[str, list[Rule]] | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Own and inherited; none if the role is missing."""
        if self._rules is None:
            self._rules = self.book.rules_of(self.role_id)
        return self._rules

    @property
    def by_resource(self) -> dict[str, list[Rule]]:
        """The rules by each resource they name, as it is written in the rule."""
        if self._by_resource is None:
            self._by_resource = {}
            for rule in self.rules:
                for resource in rule.resources:
                    self._by_resource.setdefault(resource, []).append(rule)
        return self._by_resource

    def names(self, asked: Asked) -> frozenset[str]:
        """The names for which it is allowed, or EVERY_NAME (the nameless request included)."""
        found = self.verdicts.get(asked)
        if found is None:
            found = _names(self._about(asked), asked)
            if len(self.verdicts) >= MOST_VERDICTS:
                self.verdicts = {}
            self.verdicts[asked] = found
        return found

    def allows(self, asked: Asked, name: str) -> bool:
        names = self.names(asked)
        return names is EVERY_NAME or name in names

    def allows_url(self, verb: str, path: str) -> bool:
        return any(url_allowed(rule, verb, path) for rule in self.rules)

    def _about(self, asked: Asked) -> Iterator[Rule]:
        """The rules that name the resource, in any of the ways a rule can."""
        resource, subresource = asked[2:]
        ways = (ALL, f"{resource}/{subresource}", f"*/{subresource}") if subresource else (ALL, resource)
        rules = self.by_resource
        return (rule for way in ways for rule in rules.get(way, ()))

    def forget(self) -> None:
        self._rules = None
        self._by_resource = None
        self.verdicts = {}


class RoleBook:
    """Roles by id. A role that is not there has no rules; a circle of inheritance adds nothing."""

    def __init__(self, roles: Iterable[Role] = ()) -> None:
        self._roles: dict[str, Role] = {}
        self._inheritors: dict[str, set[str]] = {}
        self._tables: dict[str, Table] = {}
        for role in roles:
            self.put(role)

    def __iter__(self) -> Iterator[Role]:
        return iter(self._roles.values())

    def get(self, role_id: str) -> Role | None:
        return self._roles.get(role_id)

    def apply(self, delta: Delta) -> None:
        for role_id in delta.removed_roles:
            self.remove(role_id)
        for role in delta.roles:
            self.put(role)

    def put(self, role: Role) -> None:
        self._unlink(role.id)
        self._roles[role.id] = role
        for parent in role.inherits:
            self._inheritors.setdefault(parent, set()).add(role.id)
        self._forget(role.id)

    def remove(self, role_id: str) -> None:
        self._unlink(role_id)
        self._roles.pop(role_id, None)
        self._forget(role_id)

    def table(self, role_id: str) -> Table:
        """The one table of this id; it stays the same object while bindings name the role."""
        table = self._tables.get(role_id)
        if table is None:
            table = self._tables[role_id] = Table(self, role_id)
        return table

    def release(self, role_id: str) -> None:
        """No binding names the role any more."""
        self._tables.pop(role_id, None)

    def rules_of(self, role_id: str) -> tuple[Rule, ...]:
        return tuple(rule for _, role in self.lineage(role_id) for rule in role.rules)

    def lineage(self, role_id: str) -> Iterator[tuple[tuple[str, ...], Role]]:
        """The role and all it inherits from, nearest first, each once, with the ids of the way to it."""
        ways: list[tuple[str, ...]] = [(role_id,)]
        seen = {role_id}
        for way in ways:
            role = self._roles.get(way[-1])
            if role is None:
                continue
            yield way, role
            for parent in role.inherits:
                if parent not in seen:
                    seen.add(parent)
                    ways.append((*way, parent))

    def heirs(self, role_id: str) -> set[str]:
        """The role and all that inherit from it, near or far."""
        found = {role_id}
        waiting = [role_id]
        while waiting:
            fresh = self._inheritors.get(waiting.pop(), set()) - found
            found |= fresh
            waiting += fresh
        return found

    def _unlink(self, role_id: str) -> None:
        earlier = self._roles.get(role_id)
        for parent in earlier.inherits if earlier else ():
            heirs = self._inheritors.get(parent, set())
            heirs.discard(role_id)
            if not heirs:
                self._inheritors.pop(parent, None)

    def _forget(self, role_id: str) -> None:
        for heir in self.heirs(role_id):
            if table := self._tables.get(heir):
                table.forget()


def _names(rules: Iterable[Rule], asked: Asked) -> frozenset[str]:
    names: set[str] = set()
    for rule in rules:
        if one_of(rule.verbs, asked[0]) and one_of(rule.api_groups, asked[1]):
            if not rule.resource_names:
                return EVERY_NAME
            names.update(rule.resource_names)
    return frozenset(names) if names else NO_NAME
