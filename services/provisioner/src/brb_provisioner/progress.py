"""How far the last pass over a cluster came, kept in memory only.

A pass that ended in waiting is followed by one that runs only what was not done. A pass that settled leaves its look at
the cloud to a new desired state that comes soon after: one more machine is asked for without ten lists before. After a
restart, an error or a pass of another replica nothing is remembered, and everything is looked at afresh.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from brb_provisioner.ledger import Stored
from brb_provisioner.steps.plan import Step
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.infrastructure import InfrastructureDesired
from brb_shared.reconcile import Lease


@dataclass(frozen=True)
class Progress:
    """`looked_at`: when the cloud was; `began_at`: when this desired state was begun with, or looked at afresh."""

    lease_token: int
    desired: InfrastructureDesired
    looked_at: datetime
    began_at: datetime
    done: frozenset[Step]
    settled: bool = False


class ProgressMemory:
    def __init__(self, now: Callable[[], datetime], longest: timedelta) -> None:
        """`longest`: after this everything is looked at afresh whatever is remembered."""
        self._now = now
        self._longest = longest
        self._last: dict[str, Progress] = {}

    def take(self, stored: Stored, lease: Lease) -> Progress:
        """What the pass just before this one had done. Forgotten by this: only `keep` brings it back."""
        last = self._last.pop(stored.desired.cluster_id, None)
        now = self._now()
        if last is None or not self._follows(last, stored.desired, lease):
            return Progress(lease.token, stored.desired, now, now, frozenset())
        began_at = now if last.settled else last.began_at
        return replace(last, lease_token=lease.token, desired=stored.desired, began_at=began_at, settled=False)

    def keep(self, progress: Progress, done: frozenset[Step], *, settled: bool = False) -> None:
        """`settled`: for another desired state only; the same one is due to be compared with the cloud."""
        self._last[progress.desired.cluster_id] = replace(progress, done=done, settled=settled)

    def _follows(self, last: Progress, desired: InfrastructureDesired, lease: Lease) -> bool:
        """The lease's token grows by one with each claim: none came in between."""
        if lease.token != last.lease_token + 1 or self._now() - last.looked_at > self._longest:
            return False
        return _is_other_shape(last.desired, desired) if last.settled else last.desired == desired


def _is_other_shape(before: InfrastructureDesired, now: InfrastructureDesired) -> bool:
    """Neither a removal, nor another credential, nor a retry, nor a doubt whether the machines are still there."""
    return before != now and now.presence is Presence.PRESENT and _reasons_to_look(before) == _reasons_to_look(now)


def _reasons_to_look(desired: InfrastructureDesired) -> tuple[object, ...]:
    return desired.presence, desired.credential_id, desired.retry, desired.doubts
