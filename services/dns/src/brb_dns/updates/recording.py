"""What the audit log is told of a signed message: by which key, what it touched, and why it was refused.

An update's entry goes into the update's own transaction, because nobody else has seen it: no request of a user stands
behind it at the gateway.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from dns.rcode import Rcode
from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns.keys.model import DnsKey
from brb_shared.contracts.audit import AuditUser, Verdict
from brb_shared.http.audit import Recorder


def user_of(key_id: str, name: str = "") -> AuditUser:
    return AuditUser(id=f"dnskey:{key_id}", name=name)


@dataclass(frozen=True)
class Recording:
    """`keep` puts the entry into the caller's transaction. A message leaves none until somebody says that it should."""

    recorder: Recorder
    keep: Callable[[AsyncSession], Awaitable[None]]

    def sent_by(self, key: DnsKey) -> None:
        self.recorder.user = user_of(key.id, key.description)

    def updates(self, names: Iterable[str]) -> None:
        """It changes something, or is refused to: recorded either way."""
        self.recorder.is_read = False
        self.recorder.found(id=", ".join(names))

    def done(self, clusters: Iterable[str]) -> None:
        """`clusters`: whose names were touched."""
        self.recorder.decision, self.recorder.message = Verdict.ALLOW, Rcode.NOERROR.name
        one, *more = [*clusters] or [""]
        if not more:
            self.recorder.found(cluster_id=one)

    def refused(self, rcode: Rcode, why: str) -> None:
        self.recorder.decision, self.recorder.rule, self.recorder.message = Verdict.DENY, why, rcode.name

    def not_met(self, rcode: Rcode, why: str) -> None:
        """A prerequisite: nobody refused anything."""
        self.recorder.message = f"{rcode.name}: {why}"
