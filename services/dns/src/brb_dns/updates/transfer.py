"""A transfer of the explicit records, for secondaries and tools that list. Source: RFC 5936.

The operator's keys see all records, a tenant's key its tenant's. Names computed from addresses cannot be transferred:
a secondary that answers them runs this server itself.
"""

from collections.abc import Iterator

import dns.message
import dns.name
import dns.rrset
from dns.rcode import Rcode
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType

from brb_dns.keys.model import DnsKey
from brb_dns.records.service import Records
from brb_dns.updates.recording import Recording
from brb_dns.zone.config import ZoneConfig
from brb_shared.contracts.zone import ZoneSnapshot

_MOST_BYTES = 40_000
"""Of records in one message, measured before compression; a message has 65535."""


class Transfers:
    def __init__(self, records: Records, config: ZoneConfig) -> None:
        self._records = records
        self._config = config
        self._origin = dns.name.from_text(config.origin)

    async def soa(self, query: dns.message.Message) -> list[bytes]:
        """What a secondary compares its serial with, and what a client finds the zone of a name by. For every key."""
        name = query.question[0].name
        if not name.is_subdomain(self._origin):
            return [_refused(query)]
        soa = self._soa(await self._records.serial())
        answer = _answer(query, [soa] if name == self._origin else [])
        answer.authority = [] if name == self._origin else [soa]
        return [answer.to_wire()]

    async def whole(self, key: DnsKey, query: dns.message.Message, recording: Recording) -> list[bytes]:
        if not self._may(key, query):
            recording.refused(Rcode.REFUSED, f"The key may not transfer {query.question[0].name}")
            return [_refused(query)]
        whole = await self._records.snapshot(key.tenant)
        context = None
        wires: list[bytes] = []
        for rrsets in _cut([self._soa(whole.serial), self._ns(), *_rrsets(whole), self._soa(whole.serial)]):
            message = _answer(query, rrsets)
            wires.append(message.to_wire(multi=True, tsig_ctx=context))
            context = message.tsig_ctx
        return wires

    def _may(self, key: DnsKey, query: dns.message.Message) -> bool:
        return key.rights.may_transfer and query.question[0].name == self._origin

    def _soa(self, serial: int) -> dns.rrset.RRset:
        config = self._config
        times = f"{config.refresh_seconds} {config.retry_seconds} {config.expire_seconds} {config.negative_ttl_seconds}"
        text = f"{config.servers[0].name}. {config.hostmaster_name}. {serial} {times}"
        return dns.rrset.from_text(self._origin, config.ttl_seconds, RdataClass.IN, RdataType.SOA, text)

    def _ns(self) -> dns.rrset.RRset:
        names = [f"{server.name}." for server in self._config.servers]
        return dns.rrset.from_text_list(self._origin, self._config.ttl_seconds, RdataClass.IN, RdataType.NS, names)


def _rrsets(whole: ZoneSnapshot) -> Iterator[dns.rrset.RRset]:
    for rrset in whole.rrsets:
        name = dns.name.from_text(rrset.name)
        yield dns.rrset.from_text_list(name, rrset.ttl_seconds, RdataClass.IN, rrset.type, list(rrset.values))


def _cut(rrsets: list[dns.rrset.RRset]) -> Iterator[list[dns.rrset.RRset]]:
    part: list[dns.rrset.RRset] = []
    size = 0
    for rrset in rrsets:
        length = sum(len(rdata.to_text()) + len(rrset.name.to_text()) + 12 for rdata in rrset)
        if part and size + length > _MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(rrset)
        size += length
    yield part


def _answer(query: dns.message.Message, rrsets: list[dns.rrset.RRset]) -> dns.message.Message:
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    answer.answer = list(rrsets)
    return answer


def _refused(query: dns.message.Message) -> bytes:
    answer = dns.message.make_response(query)
    answer.set_rcode(Rcode.REFUSED)
    return answer.to_wire()
