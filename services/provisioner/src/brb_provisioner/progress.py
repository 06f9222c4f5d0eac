"""How far the last pass over a cluster came, kept in memory only.

A pass that ended in waiting is followed by one that runs only what was not done. After a restart, an error, a new
desired state or a pass of another replica nothing is remembered, and everything is looked at afresh.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from brb_provisioner.ledger import Stored
from brb_provisioner.steps.plan import Step
from brb_shared.reconcile import Lease


@dataclass(frozen=True)
class Progress:
    """`began_at`: when everything was last looked at."""

    lease_token: int
    revision: int
    began_at: datetime
    done: frozenset[Step]


class ProgressMemory:
    def __init__(self, now: Callable[[], datetime], longest: timedelta) -> None:
        """`longest`: after this everything is looked at afresh even while something is waited for."""
        self._now = now
        self._longest = longest
        self._last: dict[str, Progress] = {}

    def take(self, stored: Stored, lease: Lease) -> Progress:
        """What the pass just before this one had done. Forgotten by this: only `keep` brings it back."""
        last = self._last.pop(stored.desired.cluster_id, None)
        if last is None or not self._follows(last, stored, lease):
            return Progress(lease.token, stored.revision, self._now(), frozenset())
        return replace(last, lease_token=lease.token)

    def keep(self, cluster_id: str, progress: Progress, done: frozenset[Step]) -> None:
        self._last[cluster_id] = replace(progress, done=done)

    def _follows(self, last: Progress, stored: Stored, lease: Lease) -> bool:
        """The lease's token grows by one with each claim: none came in between."""
        next_claim = (last.lease_token + 1, last.revision) == (lease.token, stored.revision)
        return next_claim and self._now() - last.began_at <= self._longest
