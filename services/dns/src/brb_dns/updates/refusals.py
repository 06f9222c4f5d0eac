"""Signatures that did not verify, counted, and told to the audit log once a minute.

Anybody may send them, by the thousand: an entry for each would let strangers fill the log. So there is one entry for
each key that exists and each kind of fault, and one more for all keys that do not exist.
"""

import asyncio
from dataclasses import dataclass, field

import structlog
from dns.rcode import Rcode
from sqlalchemy.exc import SQLAlchemyError

from brb_dns.updates.recording import user_of
from brb_shared.cancellation import raise_if_cancelled
from brb_shared.contracts.audit import AuditEntry, AuditTarget, AuditUser, Verdict, audit_time
from brb_shared.contracts.registry import Service
from brb_shared.http.audit import AuditTrail

log = structlog.get_logger()

_NO_KEY = ""
_NOT_SIGNED_IN = 401
_REASONS = {
    Rcode.BADKEY: "BADKEY: there is no such key, or it is of another algorithm",
    Rcode.BADSIG: "BADSIG: the signature is not this key's",
    Rcode.BADTIME: "BADTIME: the signature is of another time",
}


@dataclass
class _Refused:
    client: str
    count: int = 0
    since: str = field(default_factory=audit_time)


class RefusedSignatures:
    def __init__(self, trail: AuditTrail, interval_seconds: float = 60.0) -> None:
        self._trail = trail
        self._interval_seconds = interval_seconds
        self._refused: dict[tuple[str, Rcode], _Refused] = {}

    def count(self, key_id: str | None, error: Rcode, client: str) -> None:
        """`key_id` None: no such key."""
        refused = self._refused.setdefault((key_id or _NO_KEY, error), _Refused(client))
        refused.count += 1

    async def run(self) -> None:
        """Run until cancelled; what was counted until then is told at the end."""
        try:
            while True:
                raise_if_cancelled()
                await asyncio.sleep(self._interval_seconds)
                await self._tell()
        finally:
            await self._tell()

    async def _tell(self) -> None:
        """What cannot be written stays counted."""
        for (key_id, error), refused in list(self._refused.items()):
            try:
                await self._trail.add(_entry(key_id, error, refused))
            except (SQLAlchemyError, OSError, TimeoutError) as failure:
                log.warning("Refused signatures not recorded", count=refused.count, error=str(failure))
                return
            del self._refused[key_id, error]


def _entry(key_id: str, error: Rcode, refused: _Refused) -> AuditEntry:
    return AuditEntry(
        service=Service.DNS.value,
        method="POST",
        request_uri="/internal/v1/messages",
        user=user_of(key_id) if key_id else AuditUser(),
        remote_addr=refused.client,
        response_code=_NOT_SIGNED_IN,
        request_timestamp=refused.since,
        response_timestamp=audit_time(),
        target=AuditTarget(verb="update", resource="dnsrecords"),
        decision=Verdict.DENY,
        rule=_REASONS.get(error, error.name),
        message=f"Messages since then: {refused.count}, the first from the address given",
    )
