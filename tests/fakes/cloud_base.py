"""What the fake cloud stands on: virtual time, numbered calls, and a script of what goes wrong at which call."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Killed(BaseException):
    """The process is dead: nothing after this point happened."""


class VirtualClock:
    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, span: timedelta) -> None:
        self._now += span


class WallClock(VirtualClock):
    """For tests with a real loop: time that passes by itself."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Script:
    """Asked before and after the effect of each call; may raise. This one lets everything pass and counts."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def before(self, name: str) -> int:
        """The call's number."""
        self.calls.append(name)
        return len(self.calls) - 1

    def after(self, number: int, name: str) -> None:
        return


class KillAt(Script):
    """Kill -9 at the n-th call (from 0), before or after its effect. Every later call finds the process dead."""

    def __init__(self, index: int, *, after: bool) -> None:
        super().__init__()
        self._index = index
        self._after = after
        self.is_dead = False

    def before(self, name: str) -> int:
        self._require_life()
        number = super().before(name)
        if number == self._index and not self._after:
            self._die(name)
        return number

    def after(self, number: int, name: str) -> None:
        self._require_life()
        if number == self._index:
            self._die(name)

    def _die(self, name: str) -> None:
        self.is_dead = True
        raise Killed(name)

    def _require_life(self) -> None:
        if self.is_dead:
            raise Killed


class FailAt(Script):
    """Raise an error at the calls of a name, `times` times, before or after (an answer that is lost) the effect."""

    def __init__(self, name: str, error: Callable[[], Exception], *, times: int = 1, after: bool = False) -> None:
        super().__init__()
        self._name = name
        self._error = error
        self._times = times
        self._after = after

    def before(self, name: str) -> int:
        number = super().before(name)
        self._maybe(name, after=False)
        return number

    def after(self, number: int, name: str) -> None:
        self._maybe(name, after=True)

    def _maybe(self, name: str, *, after: bool) -> None:
        if name == self._name and after is self._after and self._times > 0:
            self._times -= 1
            raise self._error()


@dataclass
class Inside:
    """What all parts of the fake share."""

    clock: VirtualClock
    script: Script = field(default_factory=Script)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def new_id(self, kind: str) -> str:
        return f"{kind}-{next(self.numbers)}"


class HasInside(Protocol):
    inside: Inside


S = TypeVar("S", bound=HasInside)


def call(
    function: Callable[Concatenate[S, P], R],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, R]]:
    """Make a method an outside call: one turn of the event loop before the script, one before the answer."""

    async def outside(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        await asyncio.sleep(0)
        number = self.inside.script.before(function.__name__)
        answer = function(self, *args, **kwargs)
        await asyncio.sleep(0)
        self.inside.script.after(number, function.__name__)
        return answer

    return outside
