"""Time, so that tests can have their own."""

import time
from contextvars import ContextVar
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


CLOCK: ContextVar[Clock] = ContextVar("clock")


def current_clock() -> Clock:
    return CLOCK.get(SystemClock())
