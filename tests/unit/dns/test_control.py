"""The pure parts of the control side: names, values, serials, conditions, frames."""

from ipaddress import ip_address, ip_network

import dns.message
import pytest
from dns.rcode import Rcode
from hypothesis import given
from hypothesis import strategies as st

from brb_dns.conditions import Findings, observed_absent, observed_present
from brb_dns.errors import DnsError, InvalidRecord, NameNotYours
from brb_dns.feed import framed, servfail, unframed
from brb_dns.keys.model import Rights
from brb_dns.records.names import app_domain, parse_place
from brb_dns.records.publishing import next_serial
from brb_dns.records.values import RecordType, may_point_to, parse_value, render_shown
from brb_dns.zone.networks import AllowedNetworks
from brb_shared.contracts.conditions import ConditionStatus
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.dns import AppDomain
from fakes.dns_control import ADDRESS, ZONE, desired

ALLOWED = AllowedNetworks([ip_network("198.51.100.0/24"), ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")])


@pytest.mark.parametrize(
    ("name", "address", "label"),
    [
        (f"a.b.{ADDRESS}.{ZONE}", ADDRESS, None),
        (f"{ADDRESS}.{ZONE}", ADDRESS, None),
        (f"_acme-challenge.B.{ADDRESS}.{ZONE}.", ADDRESS, None),
        (f"app-198-51-100-7.{ZONE}", ADDRESS, None),
        (f"a.c6336407.{ZONE}", ADDRESS, None),
        (f"a.2001-db8--7.{ZONE}", "2001:db8::7", None),
        (f"10.0.0.1.{ADDRESS}.{ZONE}", ADDRESS, None),
        (f"shop.apps.{ZONE}", None, "shop"),
        (f"*.x.shop.apps.{ZONE}", None, "shop"),
        (f"{ADDRESS}.apps.{ZONE}", None, "7"),
    ],
)
def test_a_names_owner_hangs_on_what_stands_before_the_zone(name: str, address: str | None, label: str | None) -> None:
    place = parse_place(name, ZONE, ALLOWED)
    assert (str(place.address) if place.address else None, place.label) == (address, label)


@pytest.mark.parametrize("name", [f"apps.{ZONE}", f"*.apps.{ZONE}", f"x.{ZONE}", f"*.{ZONE}", f"x.100.7.{ZONE}"])
def test_the_rest_of_the_zone_is_the_platforms(name: str) -> None:
    with pytest.raises(NameNotYours):
        parse_place(name, ZONE, ALLOWED)


@given(st.text(max_size=40))
def test_no_text_is_a_name_outside_the_zone(text: str) -> None:
    try:
        place = parse_place(text, ZONE, ALLOWED)
    except DnsError:
        return
    assert place.name.endswith(f".{ZONE}")


def test_an_app_domain_is_under_its_own_address() -> None:
    for text in (ADDRESS, "2001:db8::7", "2001:db8::", "2001:db8:0:1:1:1:1:1"):
        address = ip_address(text)
        domain = app_domain("shop", address, ZONE)
        assert parse_place(f"www.{domain}", ZONE, ALLOWED).address == address


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        (ADDRESS, True),
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.1.2.3", True),
        ("192.168.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:10.1.2.3", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("fe80::1", False),
        ("fd00::1", False),
    ],
)
def test_a_record_points_to_the_world_or_into_the_zones_networks(address: str, allowed: bool) -> None:
    assert may_point_to(ip_address(address), ALLOWED) is allowed


@given(st.text(min_size=1, max_size=600).filter(lambda text: 0 < len(text.encode(errors="replace")) <= 2048))
def test_a_text_is_seen_as_it_was_written(text: str) -> None:
    text = text.encode(errors="replace").decode()
    assert render_shown(RecordType.TXT, parse_value(RecordType.TXT, text, ALLOWED)) == text


def test_the_same_value_is_the_same_text() -> None:
    assert parse_value(RecordType.AAAA, "2001:DB8:0::7", ALLOWED) == "2001:db8::7"
    assert parse_value(RecordType.CNAME, "WWW.Example.ORG", ALLOWED) == "www.example.org."
    assert parse_value(RecordType.CAA, '0  issue "ca.example"', ALLOWED) == '0 issue "ca.example"'
    with pytest.raises(InvalidRecord):
        parse_value(RecordType.A, "2001:db8::7", ALLOWED)


@given(st.integers(0, 2**32 - 1), st.floats(0, 2**40))
def test_a_serial_always_grows(serial: int, now: float) -> None:
    assert 0 < (next_serial(serial, now) - serial) % 2**32 < 2**31


def test_a_serial_is_the_time_unless_it_is_ahead_of_it() -> None:
    assert next_serial(0, 1_800_000_000.5) == 1_800_000_000
    assert next_serial(1_800_000_000, 1_800_000_000.9) == 1_800_000_001
    assert next_serial(2**32 - 1, 2**32 - 1) == 0


def test_a_key_covers_whole_labels_only() -> None:
    rights = Rights(("shop.apps.example",), (RecordType.TXT,))
    assert rights.covers("shop.apps.example")
    assert rights.covers("a.shop.apps.example")
    assert not rights.covers("workshop.apps.example")
    assert not rights.covers("apps.example")


def test_domains_once_served_keep_the_latch_through_a_hiccup() -> None:
    wanted = desired(ADDRESS)
    served = Findings(ZONE, (AppDomain(address=ADDRESS, domain=f"shop.{ADDRESS}.{ZONE}"),))
    before = observed_present(wanted, None, served)
    assert before.ready
    held = observed_present(wanted, before, Findings(ZONE, (), held=(ADDRESS,)))
    assert held.initialized
    assert not held.ready
    assert held.conditions[0].status is ConditionStatus.FALSE
    assert ADDRESS in held.conditions[0].message
    assert observed_absent(wanted, held).presence is Presence.ABSENT


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5))
def test_messages_come_out_of_their_frames_as_they_went_in(messages: list[bytes]) -> None:
    assert unframed(framed(messages)) == messages


def test_a_message_that_cannot_be_passed_on_gets_a_failure_of_its_own() -> None:
    query = dns.message.make_query("example.org", "SOA")
    answer = dns.message.from_wire(servfail(query.to_wire()))
    assert answer.rcode() is Rcode.SERVFAIL
    assert answer.id == query.id
    assert answer.opcode() is query.opcode()
