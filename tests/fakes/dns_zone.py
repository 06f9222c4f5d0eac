"""A zone as a zone file, for other name servers, and the same as configuration and snapshot, for ours."""

from collections.abc import Iterator
from ipaddress import ip_address

import dns.name
import dns.rdataset
import dns.rdatatype
import dns.zone

from brb_dns.zone.config import Nameserver, ZoneConfig
from brb_dns.zone.records import RecordSet, Snapshot

ORIGIN = "static.example"
SERIAL = 2026112401
_BIG = "\n".join(f'big 300 TXT "{number:03} {"x" * 90}"' for number in range(40))
_HUGE = "\n".join(f'huge 300 TXT "{number:03} {"x" * 250}"' for number in range(230))
"""Of 4 and of 60 KiB: over TCP only."""
ZONE_FILE = f"""\
$ORIGIN {ORIGIN}.
@ 60 SOA ns1 hostmaster {SERIAL} 3600 600 1209600 60
@ 300 NS ns1
@ 300 NS ns2.other.example.
@ 300 MX 10 mail
@ 300 MX 20 mail.other.example.
@ 300 TXT "v=spf1 -all"
@ 300 CAA 0 issue "letsencrypt.org"
ns1 300 A 192.0.2.1
ns1 300 AAAA 2001:db8::1
mail 300 A 192.0.2.25
www 120 A 192.0.2.80
www 120 A 192.0.2.81
www 120 AAAA 2001:db8::80
www 600 TXT "one"
www 600 TXT "two" "parts"
six 300 AAAA 2001:db8::6
_http._tcp 300 SRV 0 5 80 www
_acme-challenge.www 60 TXT "first"
_acme-challenge.www 60 TXT "second"
service 300 HTTPS 1 . alpn=h2 ipv4hint=192.0.2.80
unknown 300 TYPE65280 \\# 4 0a000001
alias 300 CNAME www
chain 300 CNAME alias
broken 300 CNAME nothing
outside 300 CNAME www.other.example.
loop1 300 CNAME loop2
loop2 300 CNAME loop1
empty-end 300 CNAME c.ent
to-wild 300 CNAME any.wild
*.wild 300 A 192.0.2.90
*.wild 300 TXT "any"
known.wild 300 TXT "known"
below.ent.wild 300 A 192.0.2.91
*.calias 300 CNAME www
*.multi.level 300 A 192.0.2.92
a.b.c.ent 300 A 192.0.2.93
UPPER.Case 300 A 192.0.2.94
{_BIG}
{_HUGE}
"""
NAMES = (
    "", "ns1", "mail", "www", "WwW", "six", "_tcp", "_http._tcp", "_acme-challenge.www", "service", "unknown",
    "nothing", "below.nothing", "below.www", "alias", "chain", "below.alias", "broken", "outside", "loop1",
    "empty-end", "to-wild", "wild", "*.wild", "any.wild", "deep.any.wild", "known.wild", "below.known.wild",
    "ent.wild", "below.ent.wild", "other.ent.wild", "calias", "any.calias", "deep.any.calias", "level", "multi.level",
    "any.multi.level", "other.level", "ent", "c.ent", "b.c.ent", "a.b.c.ent", "other.c.ent", "upper.case",
    "UPPER.CASE", "case", "big", "huge", "10", "1.0.0.10",
)  # fmt: skip
TYPES = (
    "A", "AAAA", "NS", "SOA", "MX", "TXT", "CAA", "CNAME", "PTR", "SRV", "DS", "HTTPS", "NAPTR", "TYPE65280",
)  # fmt: skip


def absolute(name: str) -> str:
    return f"{name}.{ORIGIN}." if name else f"{ORIGIN}."


def our_configuration() -> ZoneConfig:
    zone = _parsed()
    apex = {type_: _values(zone.find_rdataset("@", type_)) for type_ in ("MX", "TXT", "CAA")}
    servers = tuple(
        Nameserver(name=name, addresses=tuple(_addresses(zone, name)))
        for name in _values(zone.find_rdataset("@", "NS"))
    )
    ordered = sorted(servers, key=lambda server: server.name)
    return ZoneConfig(origin=ORIGIN, nameservers=tuple(ordered), mx=apex["MX"], txt=apex["TXT"], caa=apex["CAA"])


def our_snapshot() -> Snapshot:
    return Snapshot(revision=1, serial=SERIAL, records=tuple(_records(_parsed())))


def _parsed() -> dns.zone.Zone:
    return dns.zone.from_text(ZONE_FILE, origin=ORIGIN, relativize=False)


def _records(zone: dns.zone.Zone) -> Iterator[RecordSet]:
    for name, rdataset in zone.iterate_rdatasets():
        text = name.to_text(omit_final_dot=True)
        if text not in (ORIGIN, f"ns1.{ORIGIN}"):
            type_ = dns.rdatatype.to_text(rdataset.rdtype)
            yield RecordSet(name=text, type=type_, ttl_seconds=rdataset.ttl, values=_values(rdataset))


def _values(rdataset: dns.rdataset.Rdataset) -> tuple[str, ...]:
    return tuple(rdata.to_text() for rdata in rdataset)


def _addresses(zone: dns.zone.Zone, name: str) -> Iterator[object]:
    for type_ in ("A", "AAAA"):
        rdataset = zone.get_rdataset(dns.name.from_text(name), type_) if name.endswith(f"{ORIGIN}.") else None
        yield from (ip_address(rdata.address) for rdata in rdataset or ())
