"""A worker's counters: numbers in memory shared with the supervisor, which reads them whenever it is asked.

No lock and no message: a worker only writes its own page, one aligned 64-bit number at a time. The memory outlives a
worker that dies, so counters never go back.
"""

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from dns.rcode import Rcode
from dns.rdatatype import RdataType

TYPES = ("A", "AAAA", "TXT", "CAA", "CNAME", "SOA", "NS", "MX", "HTTPS", "SRV", "PTR", "DS", "DNSKEY", "ANY", "other")
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "NOTAUTH", "BADVERS", "BADCOOKIE", "other")
TRANSPORTS = ("udp", "tcp")
NO_ZONE = 0
"""Where queries for other zones, and those that name none, are counted."""
LARGEST_ZONES = 64
LATENCY_BUCKETS = 24
"""Bucket n: less than 2**n microseconds."""

_TYPE_AT = {int(RdataType.from_text(name)): at for at, name in enumerate(TYPES[:-1])}
_RCODE_AT = {int(Rcode.from_text(name)): at for at, name in enumerate(RCODES[:-1])}
_OTHER_TYPE, _OTHER_RCODE = len(TYPES) - 1, len(RCODES) - 1
_ROW = len(TRANSPORTS)
_TYPE_STRIDE = len(RCODES) * _ROW
_ZONE_STRIDE = len(TYPES) * _TYPE_STRIDE
_QUERIES = LARGEST_ZONES * _ZONE_STRIDE


class Single(IntEnum):
    """Counters and gauges that stand alone; the value is their place."""

    DROPPED = _QUERIES  # not answered: shorter than a header, or answers themselves
    RATE_DROPPED = _QUERIES + 1
    RATE_SLIPPED = _QUERIES + 2
    SLOW = _QUERIES + 3  # read by dnspython
    SLOW_DROPPED = _QUERIES + 4
    SIGNED = _QUERIES + 5
    FAILED = _QUERIES + 6  # our own errors
    TCP_CONNECTIONS = _QUERIES + 7
    TCP_REFUSED = _QUERIES + 8
    HEARTBEAT = _QUERIES + 9
    REVISION = _QUERIES + 10
    SERIAL = _QUERIES + 11
    LATENCY_SUM_NANOSECONDS = _QUERIES + 12
    COOKIES = _QUERIES + 13  # answers to clients that showed a valid cookie


LATENCY = _QUERIES + 16
_SLOTS = LATENCY + LATENCY_BUCKETS


@dataclass(frozen=True, slots=True)
class QueryCount:
    zone: str
    type: str
    rcode: str
    transport: str
    count: int


class Counters:
    """`slots[n] += 1` is all that the fast path does."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SLOTS * 8)
        self.slots = memoryview(self._memory).cast("Q")

    def query(self, zone: int, type_: int, rcode: int, *, is_tcp: bool) -> None:
        self.slots[query_slot(zone, type_, rcode, is_tcp=is_tcp)] += 1

    def queries(self, zones: Mapping[int, str]) -> Iterator[QueryCount]:
        """What is not zero; `zones` names the zones' places."""
        for zone, name in zones.items():
            row = self.slots[zone * _ZONE_STRIDE : (zone + 1) * _ZONE_STRIDE].tolist()
            for at, count in enumerate(row):
                if count:
                    type_, rest = divmod(at, _TYPE_STRIDE)
                    rcode, transport = divmod(rest, _ROW)
                    yield QueryCount(name, TYPES[type_], RCODES[rcode], TRANSPORTS[transport], count)

    def latencies(self) -> list[int]:
        return self.slots[LATENCY : LATENCY + LATENCY_BUCKETS].tolist()


def query_slot(zone: int, type_: int, rcode: int, *, is_tcp: bool = False) -> int:
    at = _TYPE_AT.get(type_, _OTHER_TYPE) * _TYPE_STRIDE + _RCODE_AT.get(rcode, _OTHER_RCODE) * _ROW
    return zone * _ZONE_STRIDE + at + is_tcp
