"""What a pass can end in, apart from an error."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Settled:
    """Nothing to do now; look again for drift after `recheck_after`."""

    recheck_after: timedelta = timedelta(minutes=5)


@dataclass(frozen=True)
class Again:
    """Waiting for the world; come back after `after`. `reason` is one CamelCase word."""

    after: timedelta
    reason: str


@dataclass(frozen=True)
class Absent:
    """Gone for good: the work row is deleted."""


Result = Settled | Again | Absent
