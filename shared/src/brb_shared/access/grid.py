"""Scope → subject → tables of roles: the look-up that every first decision is made of.

An actor with five groups asks at four nested scopes: 24 look-ups, most of them in vain, and with a hundred thousand
bindings it is memory that they wait for. So the members of a scope are one small dict with numbers as keys, in which
all of an actor's subjects are looked for: what the first one fetches into the processor's cache serves the others.
"""

from collections.abc import Iterable
from itertools import count

from brb_shared.access.model import Actor, Subject, SubjectKind
from brb_shared.access.roles import Table

Members = dict[int, tuple[Table, ...]]  # by the number of the subject; one table for each binding


class Grid:
    """Who was given what in which scope."""

    __slots__ = ("_groups", "_numbers", "_scopes", "_subjects")

    def __init__(self) -> None:
        self._scopes: dict[str, Members] = {}
        self._subjects: dict[SubjectKind, dict[str, int]] = {kind: {} for kind in SubjectKind}
        self._groups = self._subjects[SubjectKind.GROUP]
        self._numbers = count()

    def add(self, subject: Subject, scope: str, table: Table) -> None:
        """Two bindings of one role are two tables."""
        members = self._scopes.setdefault(scope, {})
        number = self._number(subject)
        members[number] = (*members.get(number, ()), table)

    def discard(self, subject: Subject, scope: str, table: Table) -> None:
        """One of the bindings; it must be there."""
        members = self._scopes[scope]
        number = self._number(subject)
        left = list(members[number])
        left.remove(table)
        if left:
            members[number] = tuple(left)
            return
        del members[number]
        if not members:
            del self._scopes[scope]

    def forget(self, subject: Subject) -> None:
        """It holds nothing any more. Its number is not given again."""
        self._subjects[subject.kind].pop(subject.id, None)

    def members(self, scopes: Iterable[str]) -> list[Members]:
        """Of those scopes in which anything is bound. They change with the grid: not to be kept over a change."""
        return [self._scopes[scope] for scope in scopes if scope in self._scopes]

    def numbers(self, actor: Actor) -> list[int]:
        """Of the actor and its groups, as far as they hold anything."""
        own = self._subjects[actor.kind].get(actor.id)
        groups = self._groups
        numbers = [groups[group] for group in actor.groups if group in groups]
        return numbers if own is None else [own, *numbers]

    def _number(self, subject: Subject) -> int:
        numbers = self._subjects[subject.kind]
        number = numbers.get(subject.id)
        if number is None:
            number = numbers[subject.id] = next(self._numbers)
        return number


def tables_of(numbers: list[int], scopes: list[Members]) -> list[Table]:
    """All tables of these subjects in these scopes."""
    return [table for members in scopes for number in numbers if number in members for table in members[number]]
