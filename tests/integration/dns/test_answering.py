"""What the certificates ask our own server over a socket: challenges, and the CAA records that hold for a name."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from brb_dns.certificates.answering import AnsweringServers, Server
from brb_dns.certificates.errors import ZoneUnavailable
from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.records import RecordSet, Snapshot
from brb_shared.testing.servers import free_port
from fakes.dns_servers import OurNameServer

ZONE = "web.brb.test"
NAME = f"shop.198.51.100.7.{ZONE}"
CHALLENGE = f"_acme-challenge.{NAME}"


def config(*caa: str) -> ZoneConfig:
    return ZoneConfig(origin=ZONE, networks=(ip_network("198.51.100.0/24"),), caa=caa)


@pytest.fixture(scope="module")
def server() -> Iterator[OurNameServer]:
    records = (
        RecordSet(name=CHALLENGE, type="TXT", ttl_seconds=60, values=('"first"', '"second"')),
        RecordSet(name=f"own.{NAME}", type="CAA", ttl_seconds=60, values=('0 issuewild "other.test; x=1"',)),
    )
    running = OurNameServer(config('0 issue "ca.test"'), Snapshot(revision=1, serial=1, records=records))
    running.start()
    yield running
    running.remove()


def asking(*ports: int) -> AnsweringServers:
    return AnsweringServers(ZONE, [Server("127.0.0.1", port) for port in ports])


async def test_values_that_stand_beside_each_other_are_seen(server: OurNameServer) -> None:
    servers = asking(server.port)
    assert await servers.missing(CHALLENGE, frozenset({"first", "second"})) == ()
    assert await servers.missing(CHALLENGE, frozenset({"first", "third"})) == (f"127.0.0.1:{server.port}",)


async def test_a_server_may_have_a_name(server: OurNameServer) -> None:
    by_name = AnsweringServers(ZONE, [Server.parse(f"localhost:{server.port}"), Server("nothing.invalid")])
    assert await by_name.missing(CHALLENGE, frozenset({"first"})) == ("nothing.invalid:53",)


async def test_a_server_that_does_not_answer_is_named(server: OurNameServer) -> None:
    silent = free_port()
    assert await asking(server.port, silent).missing(CHALLENGE, frozenset({"first"})) == (f"127.0.0.1:{silent}",)


async def test_the_closest_caa_records_hold(server: OurNameServer) -> None:
    servers = asking(server.port)
    assert await servers.caa(NAME) == (("issue", "ca.test"),)
    assert await servers.caa(f"x.own.{NAME}") == (("issuewild", "other.test; x=1"),)


async def test_caa_records_of_a_zone_that_does_not_answer_are_not_guessed() -> None:
    with pytest.raises(ZoneUnavailable, match="BRB_ACME_ZONE_SERVERS"):
        await asking(free_port()).caa(NAME)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("192.0.2.1", "192.0.2.1:53"),
        ("dns-answer", "dns-answer:53"),
        ("localhost:5353", "localhost:5353"),
        ("192.0.2.1:5353", "192.0.2.1:5353"),
        ("2001:db8::1", "[2001:db8::1]:53"),
        ("[2001:db8::1]", "[2001:db8::1]:53"),
        ("[2001:db8::1]:5353", "[2001:db8::1]:5353"),
    ],
)
def test_a_servers_address_is_read_with_and_without_a_port(text: str, shown: str) -> None:
    assert str(Server.parse(text)) == shown
