"""The world around the installer, in memory: a clock, and a switch that kills it before or after an outside call."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


class Killed(BaseException):
    """kill -9 in the middle of a pass: nothing of the pass runs after it."""


@dataclass
class Switch:
    """Counts the moments before and after each outside call; `kill_at` is the one at which the process dies."""

    kill_at: int | None = None
    moments: int = 0
    calls: list[str] = field(default_factory=list)

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        self._moment(f"before {name}")
        yield
        self._moment(f"after {name}")

    def _moment(self, name: str) -> None:
        self.calls.append(name)
        self.moments += 1
        if self.moments - 1 == self.kill_at:
            raise Killed(name)


@dataclass
class Clock:
    now: datetime = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, span: timedelta) -> None:
        self.now += span
