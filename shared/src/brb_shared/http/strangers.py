"""Requests of callers who are not known, and that changed nothing: anybody can send them, by the thousand.

So that they cannot fill the audit log, only so many a minute are entries of their own. The rest are counted, and the
first entry after that minute tells how many there were.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

MOST_A_MINUTE = 60
_MINUTE_SECONDS = 60.0


@dataclass
class Strangers:
    """Of one process."""

    clock: Callable[[], float] = time.monotonic
    _since: float = float("-inf")
    _recorded: int = 0
    _left_out: int = 0

    def admit(self) -> int | None:
        """None: it is only counted. Else how many were before it, since the last that was recorded."""
        now = self.clock()
        if now - self._since >= _MINUTE_SECONDS:
            self._since, self._recorded = now, 0
        if self._recorded >= MOST_A_MINUTE:
            self._left_out += 1
            return None
        self._recorded += 1
        left_out, self._left_out = self._left_out, 0
        return left_out
