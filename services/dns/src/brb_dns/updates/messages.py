"""A signed message in, its signed answers out: the service's end of the servers' hook."""

import dns.message
import structlog
from dns.opcode import Opcode
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.update import UpdateMessage

from brb_dns.keys.model import DnsKey
from brb_dns.keys.service import Keys
from brb_dns.updates.recording import Recording
from brb_dns.updates.refusals import RefusedSignatures
from brb_dns.updates.signing import Claim, parse_claim, render_failure, verify
from brb_dns.updates.transfer import Transfers
from brb_dns.updates.update import Updates

log = structlog.get_logger()

_TRANSFERS = (RdataType.AXFR, RdataType.IXFR)
"""Who asks for the differences (IXFR) is given the whole, as RFC 1995, section 4, lets us."""


class SignedAnswers:
    def __init__(self, keys: Keys, refusals: RefusedSignatures, updates: Updates, transfers: Transfers) -> None:
        self._keys = keys
        self._refusals = refusals
        self._updates = updates
        self._transfers = transfers

    async def answer(self, wire: bytes, recording: Recording, *, is_tcp: bool) -> list[bytes]:
        """More than one message only for a transfer. Raises NotSigned."""
        claim = parse_claim(wire)
        opened = await self._keys.open(claim.key_name)
        if opened is None:
            self._refusals.count(None, Rcode.BADKEY, recording.recorder.remote_addr)
            return [_failed(claim, Rcode.BADKEY, None)]
        key, secret = opened
        message = verify(claim, secret)
        if isinstance(message, Rcode):
            self._refusals.count(key.id, message, recording.recorder.remote_addr)
            return [_failed(claim, message, secret)]
        recording.sent_by(key)
        await self._keys.mark_used(key.id)
        return await self._dispatch(key, message, recording, is_tcp=is_tcp)

    async def _dispatch(
        self, key: DnsKey, message: dns.message.Message, recording: Recording, *, is_tcp: bool
    ) -> list[bytes]:
        match message.opcode():
            case Opcode.UPDATE if isinstance(message, UpdateMessage):
                rcode = await self._updates.apply(key, message, recording)
                return [_answer(message, rcode)]
            case Opcode.QUERY if len(message.question) == 1:
                return await self._query(key, message, recording, is_tcp=is_tcp)
        return [_refused(message, recording)]

    async def _query(
        self, key: DnsKey, message: dns.message.Message, recording: Recording, *, is_tcp: bool
    ) -> list[bytes]:
        """The SOA, to find the zone or compare serials; the transfer, by TCP only. All else needs no signature."""
        type_ = message.question[0].rdtype
        if type_ is RdataType.SOA or (type_ is RdataType.IXFR and not is_tcp):
            return await self._transfers.soa(message)
        if type_ in _TRANSFERS and is_tcp:
            return await self._transfers.whole(key, message, recording)
        return [_refused(message, recording)]


def _failed(claim: Claim, error: Rcode, secret: bytes | None) -> bytes:
    log.info("Signature refused", key=claim.key_name, error=error.name)
    return render_failure(claim, error, secret)


def _refused(message: dns.message.Message, recording: Recording) -> bytes:
    recording.refused(Rcode.REFUSED, "Signed are updates, transfers and questions for the SOA")
    return _answer(message, Rcode.REFUSED)


def _answer(message: dns.message.Message, rcode: Rcode) -> bytes:
    answer = dns.message.make_response(message)
    answer.set_rcode(rcode)
    return answer.to_wire()
