"""Which names exist and what they own."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from dns.rdatatype import RdataType

from brb_dns.zone.config import Nameserver, ZoneConfig
from brb_dns.zone.errors import InvalidRecord
from brb_dns.zone.names import canonical_name, parse_name, render_name
from brb_dns.zone.networks import AllowedNetworks
from brb_dns.zone.records import Change, RecordKey, RecordSet, Snapshot
from brb_dns.zone.zones import Zones

ORIGIN = "web.example.org"
NXDOMAIN, NODATA, REFUSED = "NXDOMAIN", "NODATA", "REFUSED"


def zones(*records: RecordSet, networks: tuple[str, ...] = ("0.0.0.0/0", "2000::/3"), **options: object) -> Zones:
    config = ZoneConfig.model_validate({"origin": ORIGIN, "networks": networks, **options})
    return Zones([config], Snapshot(records=records))


def record(name: str, type_: str, *values: str) -> RecordSet:
    return RecordSet(name=f"{name}.{ORIGIN}", type=type_, ttl_seconds=60, values=values)


def ask(served: Zones, name: str, type_: str = "A") -> str:
    """The records as text, or NODATA, NXDOMAIN, REFUSED."""
    full = f"{name}.{ORIGIN}" if name and not name.endswith(".") else name or ORIGIN
    answer = served.resolve(parse_name(full), RdataType.from_text(type_))
    if answer.rcode:
        return {3: NXDOMAIN, 5: REFUSED}[answer.rcode]
    return " ".join(_text(rrset.type, rdata) for rrset in answer.answer for rdata in rrset.rdatas) or NODATA


def _text(type_: int, rdata: bytes) -> str:
    match RdataType(type_):
        case RdataType.A:
            return str(IPv4Address(rdata))
        case RdataType.AAAA:
            return str(IPv6Address(rdata))
    return RdataType.to_text(RdataType(type_))


# fmt: off
NAMES = [
    # four decimal labels right before the zone
    ("10.0.0.1", "10.0.0.1"),
    ("foo.10.0.0.1", "10.0.0.1"),
    ("foo.bar.10.0.0.1", "10.0.0.1"),
    ("FOO.Bar.10.0.0.1", "10.0.0.1"),
    ("_acme-challenge.foo.10.0.0.1", "10.0.0.1"),
    ("*.10.0.0.1", "10.0.0.1"),
    ("255.255.10.0.0.1", "10.0.0.1"),
    ("131.192.168.10.13", "192.168.10.13"),
    ("10.0.0.1.11.0.0.2", "11.0.0.2"),
    ("10-0-0-1.11.0.0.2", "11.0.0.2"),
    ("0a000001.11.0.0.2", "11.0.0.2"),
    # canonical decimals only
    ("10.0.0.01", NXDOMAIN),
    ("010.0.0.1", NXDOMAIN),
    ("10.0.0.256", NXDOMAIN),
    ("10.0.00.1", NXDOMAIN),
    ("10.0.0.1a", NXDOMAIN),
    ("10.0.0.+1", NXDOMAIN),
    ("10.0.0.1000", NXDOMAIN),
    ("foo.300", NXDOMAIN),
    ("300", NXDOMAIN),
    # above addresses
    ("", NODATA),
    ("1", NODATA),
    ("0.1", NODATA),
    ("0.0.1", NODATA),
    ("255", NODATA),
    ("foo.1", NXDOMAIN),
    ("foo.0.1", NXDOMAIN),
    ("foo.0.0.1", NXDOMAIN),
    ("foo", NXDOMAIN),
    ("foo.bar", NXDOMAIN),
    # dashes, in the label right before the zone, at its end
    ("10-0-0-1", "10.0.0.1"),
    ("app-10-0-0-1", "10.0.0.1"),
    ("foo.app-10-0-0-1", "10.0.0.1"),
    ("my-app-10-0-0-1", "10.0.0.1"),
    ("APP-10-0-0-1", "10.0.0.1"),
    ("1-2-10-0-0-1", "10.0.0.1"),
    ("11-0-0-2-10-0-0-1", "10.0.0.1"),
    ("app--10-0-0-1", "10.0.0.1"),
    ("app-10-0-0-01", NXDOMAIN),
    ("app-10-0-0-256", NXDOMAIN),
    ("app-0-0-1", NXDOMAIN),
    ("app10-0-0-1", NXDOMAIN),
    ("10-0-0-1-app", NXDOMAIN),
    ("10-0-0-1.app", NXDOMAIN),
    ("10-0-0-1.1", NXDOMAIN),
    # eight hex digits
    ("0a000001", "10.0.0.1"),
    ("foo.0A000001", "10.0.0.1"),
    ("app-0a000001", NXDOMAIN),
    ("a000001", NXDOMAIN),
    ("0a0000010", NXDOMAIN),
    ("0a00000g", NXDOMAIN),
    # never, whatever is allowed
    ("127.0.0.1", NXDOMAIN),
    ("foo.127.0.0.1", NXDOMAIN),
    ("app-127-0-0-1", NXDOMAIN),
    ("7f000001", NXDOMAIN),
    ("0.0.0.0", NXDOMAIN),
    ("169.254.169.254", NXDOMAIN),
    ("a9fea9fe", NXDOMAIN),
    ("100.100.100.200", NXDOMAIN),
    ("168.63.129.16", NXDOMAIN),
    ("192.0.0.192", NXDOMAIN),
    ("224.0.0.1", NXDOMAIN),
    ("255.255.255.255", NXDOMAIN),
    # IPv6 names have no A
    ("2001-db8--1", NODATA),
    ("foo.2001-db8--1", NODATA),
]
IPV6_NAMES = [
    ("2001-db8--1", "2001:db8::1"),
    ("2001-DB8--1", "2001:db8::1"),
    ("2001-db8-0-0-0-0-0-1", "2001:db8::1"),
    ("2001-db8--10-0-0-1", "2001:db8::10:0:0:1"),
    ("foo.bar.2001-db8--1", "2001:db8::1"),
    ("10.0.0.1", NODATA),
    ("app-10-0-0-1", NODATA),
    ("a-b-c-d-5-6-7-8", NODATA),  # not in an allowed network as IPv6: it is 5.6.7.8
    ("2001-db8---1", NXDOMAIN),
    ("2001--db8--1", NXDOMAIN),
    ("2001-db8-1", NXDOMAIN),
    ("app-2001-db8--1", NXDOMAIN),
    ("2001-db8--1.foo", NXDOMAIN),
    ("12345--1", NXDOMAIN),
    ("--1", NXDOMAIN),
    ("fe80--1", NXDOMAIN),
    ("ff02--1", NXDOMAIN),
    ("2002-7f00-1--", NXDOMAIN),
    ("", NODATA),
]
# fmt: on


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_name_gives_the_address_right_before_the_zone(name: str, expected: str) -> None:
    assert ask(zones(), name) == expected


@pytest.mark.parametrize(("name", "expected"), IPV6_NAMES)
def test_a_name_gives_the_ipv6_address_in_the_label_before_the_zone(name: str, expected: str) -> None:
    assert ask(zones(), name, "AAAA") == expected


def test_a_label_that_reads_both_ways_is_ipv6_only_in_an_allowed_network() -> None:
    both = "2001-db8-c-d-5-6-7-8"
    assert ask(zones(networks=("0.0.0.0/0",)), both) == "5.6.7.8"
    assert ask(zones(networks=("2001:db8::/32", "0.0.0.0/0")), both) == NODATA
    assert ask(zones(networks=("2001:db8::/32", "0.0.0.0/0")), both, "AAAA") == "2001:db8:c:d:5:6:7:8"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.3.7", NXDOMAIN),
        ("app-192-0-3-7", NXDOMAIN),
        ("7", NODATA),
        ("2.7", NODATA),
        ("3.7", NXDOMAIN),
        ("0.2.7", NODATA),
        ("1.2.7", NXDOMAIN),
        ("198.51.100.9", "198.51.100.9"),
        ("198.51.100.10", NXDOMAIN),
        ("100.9", NODATA),
        ("100.10", NXDOMAIN),
    ],
)
def test_only_allowed_networks_are_answered_and_only_their_parents_exist(name: str, expected: str) -> None:
    assert ask(zones(networks=("192.0.2.0/24", "198.51.100.8/31")), name) == expected


def test_a_zone_without_networks_answers_no_address() -> None:
    assert ask(zones(networks=()), "10.0.0.1") == NXDOMAIN
    assert ask(zones(networks=()), "1") == NXDOMAIN


def test_neighbouring_networks_and_their_borders_are_exact() -> None:
    allowed = AllowedNetworks([ip_network("10.0.0.0/25"), ip_network("10.0.0.128/25"), ip_network("10.0.2.0/24")])
    inside = ["10.0.0.0", "10.0.0.127", "10.0.0.128", "10.0.0.255", "10.0.2.0", "10.0.2.255"]
    outside = ["9.255.255.255", "10.0.1.0", "10.0.3.0"]
    assert [allowed.allows(IPv4Address(text).packed) for text in inside + outside] == [True] * 6 + [False] * 3


def test_names_of_other_zones_are_refused() -> None:
    assert ask(zones(), "www.example.com.") == REFUSED
    assert ask(zones(), "example.org.") == REFUSED
    assert ask(zones(), "xweb.example.org.") == REFUSED
    assert ask(zones(), ".") == REFUSED


def test_the_apex_has_what_is_configured_and_its_servers_have_addresses() -> None:
    served = zones(
        nameservers=[Nameserver.model_validate({"name": f"ns1.{ORIGIN}", "addresses": ["192.0.2.1", "2001:db8::1"]})],
        caa=('0 issue "letsencrypt.org"',),
        mx=("10 mail.example.org.",),
        txt=('"v=spf1 -all"',),
    )
    for type_ in ("SOA", "NS", "CAA", "MX", "TXT"):
        assert ask(served, "", type_) == type_
    assert ask(served, "", "A") == NODATA
    assert ask(served, "ns1") == "192.0.2.1"
    assert ask(served, "ns1", "AAAA") == "2001:db8::1"
    assert ask(served, "below.ns1") == NXDOMAIN


def test_a_host_name_is_answered_and_its_parents_exist() -> None:
    served = zones(record("shop.team", "A", "192.0.2.9"))
    assert ask(served, "shop.team") == "192.0.2.9"
    assert ask(served, "shop.team", "TXT") == NODATA
    assert ask(served, "team") == NODATA
    assert ask(served, "other.team") == NXDOMAIN
    assert ask(served, "below.shop.team") == NXDOMAIN


def test_a_record_at_an_address_name_adds_to_its_address() -> None:
    served = zones(record("app.10.0.0.1", "TXT", '"x"'))
    assert ask(served, "app.10.0.0.1") == "10.0.0.1"
    assert ask(served, "app.10.0.0.1", "TXT") == "TXT"
    assert ask(served, "other.10.0.0.1", "TXT") == NODATA


def test_a_challenge_below_a_name_leaves_the_name_and_its_neighbours_their_address() -> None:
    served = zones(record("_acme-challenge.app.10.0.0.1", "TXT", '"a"', '"b"'))
    assert ask(served, "_acme-challenge.app.10.0.0.1", "TXT") == "TXT TXT"
    for name in ("app.10.0.0.1", "10.0.0.1", "x.app.10.0.0.1", "_acme-challenge.app.10.0.0.1"):
        assert ask(served, name) == "10.0.0.1"


def test_an_address_record_at_an_address_name_replaces_its_address() -> None:
    served = zones(record("app.10.0.0.1", "A", "192.0.2.3"), record("v6.10.0.0.1", "AAAA", "2001:db8::3"))
    assert ask(served, "app.10.0.0.1") == "192.0.2.3"
    assert ask(served, "below.app.10.0.0.1") == "10.0.0.1"
    assert ask(served, "v6.10.0.0.1", "AAAA") == "2001:db8::3"
    assert ask(served, "v6.10.0.0.1") == "10.0.0.1"


def test_a_cname_stands_alone_and_is_followed_within_our_zones() -> None:
    served = zones(
        record("shop", "CNAME", f"app.10.0.0.1.{ORIGIN}."),
        record("a.10.0.0.9", "CNAME", f"shop.{ORIGIN}."),
        record("gone", "CNAME", f"nothing.{ORIGIN}."),
        record("away", "CNAME", "www.example.com."),
    )
    assert ask(served, "shop") == "CNAME 10.0.0.1"
    assert ask(served, "shop", "CNAME") == "CNAME"
    assert ask(served, "shop", "AAAA") == "CNAME"
    assert ask(served, "a.10.0.0.9") == "CNAME CNAME 10.0.0.1"
    assert ask(served, "gone") == NXDOMAIN
    assert ask(served, "away") == "CNAME"


def test_a_loop_of_cnames_ends() -> None:
    served = zones(record("a", "CNAME", f"b.{ORIGIN}."), record("b", "CNAME", f"a.{ORIGIN}."))
    assert ask(served, "a") == "CNAME CNAME"


def test_a_cname_at_the_apex_does_not_hide_the_zone() -> None:
    apex = RecordSet(name=ORIGIN, type="CNAME", ttl_seconds=60, values=("www.example.com.",))
    assert ask(zones(apex), "", "SOA") == "SOA"


def test_an_explicit_wildcard_speaks_for_names_that_do_not_exist_only() -> None:
    served = zones(
        record("*.team", "A", "192.0.2.9"), record("known.team", "TXT", '"x"'), record("a.ent.team", "A", "1.1.1.1")
    )
    assert ask(served, "any.team") == "192.0.2.9"
    assert ask(served, "deep.any.team") == "192.0.2.9"
    assert ask(served, "any.team", "TXT") == NODATA
    assert ask(served, "*.team") == "192.0.2.9"
    assert ask(served, "known.team") == NODATA
    assert ask(served, "ent.team") == NODATA
    assert ask(served, "below.known.team") == NXDOMAIN
    assert ask(served, "below.ent.team") == NXDOMAIN
    assert ask(served, "team") == NODATA


def test_an_explicit_wildcard_at_the_apex_leaves_address_names_and_their_parents_alone() -> None:
    served = zones(record("*", "A", "192.0.2.9"))
    assert ask(served, "anything") == "192.0.2.9"
    assert ask(served, "10.0.0.1") == "10.0.0.1"
    assert ask(served, "1") == NODATA
    assert ask(served, "foo.1") == NXDOMAIN


def test_any_gets_one_rrset() -> None:
    served = zones(record("app.10.0.0.1", "TXT", '"x"'))
    assert ask(served, "other.10.0.0.1", "ANY") == "10.0.0.1"
    assert ask(served, "app.10.0.0.1", "ANY") == "10.0.0.1"
    assert ask(served, "1", "ANY") == NODATA


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("A", ("10.0.0",)),
        ("A", ("127.0.0.1",)),
        ("A", ("169.254.169.254",)),
        ("AAAA", ("::1",)),
        ("NS", ("ns.example.com.",)),
        ("DNAME", ("example.com.",)),
        ("CNAME", ("a.example.com.", "b.example.com.")),
        ("NOSUCHTYPE", ("x",)),
    ],
)
def test_a_record_that_cannot_be_served_is_left_out_and_the_others_are_answered(
    type_: str, values: tuple[str, ...]
) -> None:
    served = zones(record("bad", type_, *values), record("good", "A", "192.0.2.9"))
    assert ask(served, "good") == "192.0.2.9"
    assert ask(served, "bad") == NXDOMAIN


def test_changes_add_replace_and_remove_records_with_their_parents() -> None:
    served = zones()
    served.apply(Change(revision=1, serial=2, upserts=(record("a.b.c", "A", "192.0.2.1"),)))
    assert (ask(served, "a.b.c"), ask(served, "b.c"), ask(served, "c")) == ("192.0.2.1", NODATA, NODATA)
    served.apply(
        Change(revision=2, serial=3, upserts=(record("a.b.c", "A", "192.0.2.2"), record("d.c", "A", "192.0.2.3")))
    )
    assert ask(served, "a.b.c") == "192.0.2.2"
    served.apply(Change(revision=3, serial=4, deletes=(RecordKey(f"a.b.c.{ORIGIN}", "A"),)))
    assert (ask(served, "a.b.c"), ask(served, "b.c"), ask(served, "c")) == (NXDOMAIN, NXDOMAIN, NODATA)
    served.apply(Change(revision=4, serial=5, deletes=(RecordKey(f"d.c.{ORIGIN}", "A"),)))
    assert ask(served, "c") == NXDOMAIN
    assert served.snapshot() == Snapshot(revision=4, serial=5)


def test_a_change_renumbers_the_zone() -> None:
    served = zones()
    served.apply(Change(revision=1, serial=4711))
    (zone,) = served
    assert (4711).to_bytes(4) in zone.soa.rdatas[0]
    assert ask(served, "", "SOA") == "SOA"


def test_removing_a_record_that_replaced_a_configured_one_brings_that_back() -> None:
    served = zones(txt=('"configured"',))
    mine = RecordSet(name=ORIGIN, type="TXT", ttl_seconds=60, values=('"mine"',))
    served.apply(Change(revision=1, serial=2, upserts=(mine,)))
    assert _txt(served) == b"\4mine"
    served.apply(Change(revision=2, serial=3, deletes=(mine.key,)))
    assert _txt(served) == b"\x0aconfigured"


def _txt(served: Zones) -> bytes:
    return served.resolve(parse_name(ORIGIN), RdataType.TXT).answer[0].rdatas[0]


def test_a_record_of_no_zone_of_ours_is_kept_but_not_answered() -> None:
    foreign = RecordSet(name="www.example.com", type="A", ttl_seconds=60, values=("192.0.2.1",))
    served = zones(foreign)
    assert ask(served, "www.example.com.") == REFUSED
    assert served.snapshot().records == (foreign,)


def test_of_two_zones_the_longer_one_answers() -> None:
    outer = ZoneConfig.model_validate({"origin": "example.org", "networks": ["10.0.0.0/8"]})
    inner = ZoneConfig.model_validate({"origin": ORIGIN, "networks": ["192.0.2.0/24"]})
    served = Zones([outer, inner], Snapshot())
    assert ask(served, "10.0.0.1.example.org.") == "10.0.0.1"
    assert ask(served, "10.0.0.1") == NXDOMAIN
    assert ask(served, "192.0.2.1") == "192.0.2.1"
    assert [zone.config.origin for zone in served] == [ORIGIN, "example.org"]


@pytest.mark.parametrize(
    "values", [{"origin": "a..b"}, {"origin": "x", "networks": ["10.0.0.1/8"]}, {"origin": "x" * 64}]
)
def test_a_wrong_zone_is_refused_when_it_is_read(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"domain name|network"):
        ZoneConfig.model_validate(values)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("web.example.org", b"\3web\7example\3org\0"),
        ("Web.Example.ORG.", b"\3web\7example\3org\0"),
        ("*._tcp.a-b", b"\1*\4_tcp\3a-b\0"),
        (r"a\.b.c", b"\3a.b\1c\0"),
        (r"\000.c", b"\1\0\1c\0"),
        (".", b"\0"),
        (".".join(["x" * 63] * 3 + ["y" * 61]), (b"\x3f" + b"x" * 63) * 3 + b"\x3d" + b"y" * 61 + b"\0"),
    ],
)
def test_names_are_read_in_any_case_with_or_without_the_last_dot(text: str, wire: bytes) -> None:
    assert parse_name(text) == wire
    assert parse_name(render_name(wire)) == wire
    assert canonical_name(text) == render_name(wire)


def test_a_blank_is_a_character_like_others() -> None:
    assert render_name(parse_name("a b")) == r"a\032b"


@pytest.mark.parametrize("text", ["a..b", ".a", "x" * 64, ".".join(["x" * 63] * 4)])
def test_what_is_no_name_is_said(text: str) -> None:
    with pytest.raises(InvalidRecord, match="domain name"):
        parse_name(text)
