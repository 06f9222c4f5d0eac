"""The values of records: checked, in one canonical form, and as people see them. Pure.

Stored and sent is the presentation format of RFC 1035 in dnspython's canonical writing, so that the same value is the
same text. People write and read a TXT value as its plain text; all other types look the same to both.
"""

from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.CAA import CAA
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.TXT import TXT

from brb_dns.errors import InvalidRecord
from brb_dns.zone.networks import AllowedNetworks, may_be_answered

Address = IPv4Address | IPv6Address

LONGEST_TEXT = 2048
_CHUNK = 255
_CAA_TAGS = (b"issue", b"issuewild", b"iodef", b"issuemail", b"contactemail", b"contactphone")


class RecordType(StrEnum):
    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    TXT = "TXT"
    CAA = "CAA"


def parse_value(type_: RecordType, shown: str, allowed: AllowedNetworks) -> str:
    """Canonical presentation format of what a person wrote. Raises InvalidRecord."""
    if type_ is RecordType.TXT:
        return render_text(shown.encode())
    try:
        rdata = dns.rdata.from_text(dns.rdataclass.IN, type_.value, shown, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise InvalidRecord(f"{shown!r} is not a value of type {type_}: {error}", "value") from error
    return check_rdata(type_, rdata, allowed)


def check_rdata(type_: RecordType, rdata: dns.rdata.Rdata, allowed: AllowedNetworks) -> str:
    """The same for a value that came over the wire. Raises InvalidRecord."""
    match rdata:
        case TXT():
            return render_text(b"".join(rdata.strings))
        case CNAME():
            _require_host(rdata.target)
        case CAA():
            _require_known_tag(rdata)
        case _:
            _require_reachable(ip_address(rdata.to_text()), allowed)
    return str(rdata.to_text()).lower() if type_ is RecordType.CNAME else str(rdata.to_text())


def render_text(text: bytes) -> str:
    """TXT in presentation format, cut into strings of 255 bytes. Source: RFC 1035, section 3.3."""
    if not text or len(text) > LONGEST_TEXT:
        raise InvalidRecord(f"A TXT value has 1 to {LONGEST_TEXT} bytes, this one {len(text)}", "value")
    chunks = [text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK)]
    return str(TXT(dns.rdataclass.IN, dns.rdatatype.TXT, chunks).to_text())


def render_shown(type_: RecordType, value: str) -> str:
    """What a person sees of a stored value."""
    if type_ is not RecordType.TXT:
        return value
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, value)
    assert isinstance(rdata, TXT)
    return b"".join(rdata.strings).decode(errors="backslashreplace")


def may_point_to(address: Address, allowed: AllowedNetworks) -> bool:
    """Public addresses and the allowed networks; never loopback, link-local, multicast or what hides one of them.

    A name of this zone that leads to an internal address lets a web page reach it through its visitor (DNS rebinding).
    """
    return allowed.allows(address.packed) or (address.is_global and may_be_answered(address.packed))


def _require_reachable(address: Address, allowed: AllowedNetworks) -> None:
    if not may_point_to(address, allowed):
        text = f"{address} is not a public address and not in the platform's networks; a record may not point to it"
        raise InvalidRecord(text, "value")


def _require_host(target: dns.name.Name) -> None:
    if target == dns.name.root or len(target.labels) < 3:
        raise InvalidRecord(f"A CNAME's value is a full host name, such as www.example.org; not {target}", "value")


def _require_known_tag(rdata: CAA) -> None:
    if rdata.tag.lower() not in _CAA_TAGS:
        tags = ", ".join(tag.decode() for tag in _CAA_TAGS)
        raise InvalidRecord(f"CAA knows the tags {tags}; not {rdata.tag.decode()} (RFC 8659)", "value")
