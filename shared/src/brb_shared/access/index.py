"""The decision itself.

`check` finds the tables of the roles that reach the actor at the place, remembered until bindings or places change, and
asks each one. A change of roles empties their tables and leaves what is remembered alone. For one thread: nothing here
is awaited, and nothing locked.
"""

from brb_shared.access.deltas import Delta
from brb_shared.access.facts import Facts
from brb_shared.access.grid import Members, tables_of
from brb_shared.access.keys import Where, is_within, keys_at
from brb_shared.access.model import Actor, Binding, Place, Request, Rule, SubjectKind, World
from brb_shared.access.roles import EVERY_NAME, Asked, Table

MOST_REMEMBERED = 1 << 16  # actors at places; beyond it the memory starts anew

Seat = tuple[str, SubjectKind, tuple[str, ...], str, str, str]  # an actor at a place


class Reach:
    """The tables of the roles that reach an actor at a place, one for each binding."""

    __slots__ = ("epoch", "tables", "where")

    def __init__(self, epoch: int, where: Where, tables: list[Table]) -> None:
        self.epoch = epoch
        self.where = where
        self.tables = tables


class Way:
    """Where a place is, and the members of the scopes it is in."""

    __slots__ = ("epoch", "scopes", "where")

    def __init__(self, epoch: int, where: Where, scopes: list[Members]) -> None:
        self.epoch = epoch
        self.where = where
        self.scopes = scopes


class Index(Facts):
    """Built from a snapshot or empty, which denies everything; see `Facts` for changes and look-ups."""

    def __init__(self, world: World | None = None, *, most_remembered: int = MOST_REMEMBERED) -> None:
        self._most_remembered = most_remembered
        self._remembered: dict[Seat, Reach] = {}
        self._ways: dict[Where, Way] = {}
        self._epoch = 0
        super().__init__(world)

    def load(self, world: World) -> None:
        self._remembered, self._ways = {}, {}
        super().load(world)

    def apply(self, delta: Delta) -> None:
        super().apply(delta)
        if delta.moves_bindings:
            self._epoch += 1

    @property
    def remembered(self) -> int:
        """How many actors at places are remembered."""
        return len(self._remembered)

    def check(self, request: Request) -> bool:
        """Whether it is allowed. For the reason see `decisions` and `explain`."""
        if request.path:
            return self._check_url(request)
        reach = self.reach(request.actor, request.place)
        asked = (request.verb, request.api_group, request.resource, request.subresource)
        name = request.name
        for table in reach.tables:
            names = table.verdicts.get(asked)
            if names is None:
                names = table.names(asked)
            if names is EVERY_NAME or name in names:
                return True
        return bool(name and self._of_object) and self._check_object(request.actor, reach.where, asked, name)

    def reach(self, actor: Actor, place: Place) -> Reach:
        """What holds for the actor at the place. Remembered."""
        seat = (actor.id, actor.kind, actor.groups, place.cluster_id, place.project_id, place.namespace)
        reach = self._remembered.get(seat)
        if reach is None or reach.epoch != self._epoch:
            reach = self._find_reach(actor, place)
            if len(self._remembered) >= self._most_remembered:
                self._remembered = {}
            self._remembered[seat] = reach
        return reach

    def rules_of(self, actor: Actor, place: Place) -> tuple[Rule, ...]:
        """All rules that hold for the actor at a place; what he holds for single objects is not among them."""
        rules = (rule for table in self.reach(actor, place).tables for rule in table.rules)
        return tuple(dict.fromkeys(rules))

    def allowed_by(self, binding: Binding, asked: Asked, name: str) -> bool:
        """Whether the binding's role allows it, wherever the binding holds."""
        return self.book.table(binding.role_id).allows(asked, name)

    def _find_reach(self, actor: Actor, place: Place) -> Reach:
        way = self._way_to(place)
        tables = tables_of(self._grid.numbers(actor), way.scopes)
        return Reach(self._epoch, way.where, tables)

    def _way_to(self, place: Place) -> Way:
        at = (place.cluster_id, place.project_id, place.namespace)
        way = self._ways.get(at)
        if way is None or way.epoch != self._epoch:
            where = self.places.resolve(place)
            if len(self._ways) >= self._most_remembered:
                self._ways = {}
            way = self._ways[at] = Way(self._epoch, where, self._grid.members(keys_at(where)))
        return way

    def _check_url(self, request: Request) -> bool:
        """Of the place only the cluster counts: a URL belongs to no project."""
        reach = self.reach(request.actor, Place(request.place.cluster_id))
        return any(table.allows_url(request.verb, request.path) for table in reach.tables)

    def _check_object(self, actor: Actor, where: Where, asked: Asked, name: str) -> bool:
        bindings = self._of_object.get((asked[1], asked[2], name))
        if not bindings:
            return False
        subjects = frozenset(actor.subjects)
        held = (binding for binding in bindings.values() if binding.subject in subjects)
        return any(is_within(binding.scope, where) and self.allowed_by(binding, asked, name) for binding in held)
