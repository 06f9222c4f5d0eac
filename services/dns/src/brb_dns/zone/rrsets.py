"""RRsets ready for the wire."""

import struct
from dataclasses import dataclass

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.exception import DNSException
from dns.rdatatype import RdataType

from brb_dns.zone.errors import InvalidRecord
from brb_dns.zone.names import parse_name
from brb_dns.zone.networks import may_be_answered
from brb_dns.zone.records import RecordSet

NOT_EXPLICIT = frozenset({"SOA", "NS", "DNAME", "OPT", "TSIG", "TKEY", "ANY", "AXFR", "IXFR", "DNSKEY", "DS", "RRSIG"})
"""Zone cuts, redirections of whole trees, signatures and types that are no data."""

_TAIL = struct.Struct("!HHIH")
_IN = int(dns.rdataclass.IN)


@dataclass(frozen=True, slots=True)
class RRset:
    """`owner` in wire form and lower case; `rdatas` without compressed names, sorted, none twice."""

    owner: bytes
    type: int
    ttl_seconds: int
    rdatas: tuple[bytes, ...]


def render_record_set(record: RecordSet) -> RRset:
    """Raises InvalidRecord for a type that cannot be served and for values that are none of its type."""
    if record.type in NOT_EXPLICIT:
        raise InvalidRecord(f"{record.name}: records of type {record.type} cannot be added to the zone")
    rrset = render_rrset(record.name, record.type, record.ttl_seconds, record.values)
    if record.type == "CNAME" and len(rrset.rdatas) > 1:
        raise InvalidRecord(f"{record.name}: a name has one CNAME at most")
    if record.type in ("A", "AAAA") and not all(map(may_be_answered, rrset.rdatas)):
        raise InvalidRecord(f"{record.name}: loopback, link-local, metadata and multicast addresses are never answered")
    return rrset


def render_rrset(name: str, type_: str, ttl_seconds: int, values: tuple[str, ...]) -> RRset:
    try:
        rdtype = dns.rdatatype.from_text(type_)
        rdatas = {_render_value(rdtype, value) for value in values}
    except (DNSException, ValueError) as error:
        raise InvalidRecord(f"{name} {type_}: {error}") from error
    return RRset(parse_name(name), int(rdtype), ttl_seconds, tuple(sorted(rdatas)))


def render_tail(rrset: RRset, rdata: bytes) -> bytes:
    """A record after its owner's name."""
    return _TAIL.pack(rrset.type, _IN, rrset.ttl_seconds, len(rdata)) + rdata


def _render_value(rdtype: RdataType, value: str) -> bytes:
    rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, value, origin=dns.name.root, relativize=False)
    wire = rdata.to_wire()
    assert wire is not None
    return wire
