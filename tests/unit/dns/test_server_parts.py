"""The server's smaller parts, each by itself."""

import asyncio
import socket
from pathlib import Path

import pytest

from brb_dns.server.channel import Channel, Frame, pack_reply, pack_signed, unpack_reply, unpack_signed
from brb_dns.server.configuration import ConfigurationError, load_cookie_secrets, load_zones
from brb_dns.server.cookies import Cookies
from brb_dns.server.counters import LARGEST_ZONES, Counters
from brb_dns.server.edns import EdnsReader
from brb_dns.server.settings import ServerSettings
from brb_dns.server.signed import SignedMessages
from brb_dns.server.sockets import parse_place
from brb_dns.zone.config import ZoneConfig

OPT_WITH_COOKIE = b"\0\0\x29\4\xd0\0\0\0\0\0\x0c\0\x0a\0\x08client!!"


def test_frames_come_out_as_they_went_in() -> None:
    assert unpack_signed(pack_signed(7, "tcp", "2001:db8::1", 53, b"wire")) == (7, "tcp", "2001:db8::1", 53, b"wire")
    assert unpack_signed(pack_signed(2**32 - 1, "udp", "192.0.2.1", 1, b"")) == (2**32 - 1, "udp", "192.0.2.1", 1, b"")
    messages = [b"a", b"", b"x" * 65535]
    assert unpack_reply(pack_reply(9, messages)) == (9, messages)
    assert unpack_reply(pack_reply(9, [])) == (9, [])


async def test_a_channel_carries_frames_until_the_peer_is_gone() -> None:
    ours, theirs = socket.socketpair()
    sender, receiver = await Channel.open(ours), await Channel.open(theirs)
    sender.send(Frame.READY)
    sender.send(Frame.LOAD, b"x" * 3_000_000)
    sender.close()
    got = [(kind, len(payload)) async for kind, payload in receiver.frames()]
    assert got == [(Frame.READY, 0), (Frame.LOAD, 3_000_000)]
    receiver.close()


async def test_only_so_many_signed_messages_wait_at_a_time() -> None:
    ours, theirs = socket.socketpair()
    channel, peer = await Channel.open(ours), await Channel.open(theirs)
    signed = SignedMessages(channel, most=2, timeout_seconds=60)
    answers: list[list[bytes]] = []
    taken = [signed.hand_on(b"x" * 12, "udp", ("192.0.2.1", 53), answers.append) for _ in range(3)]
    assert taken == [True, True, False]
    signed.on_reply(1, [b"answer"])
    signed.on_reply(1, [b"answer again"])
    assert answers == [[b"answer"]]
    assert signed.hand_on(b"x" * 12, "udp", ("192.0.2.1", 53), answers.append)
    for end in (channel, peer):
        end.close()
    await asyncio.sleep(0)


def test_what_edns_remembers_is_forgotten_so_that_cookies_are_renewed() -> None:
    reader = EdnsReader(Cookies((b"x" * 16,)), "", 10)
    reader.tick(1_000_000)
    first = reader.read_udp(OPT_WITH_COOKIE, "192.0.2.1")
    reader.tick(1_000_001)
    assert reader.read_udp(OPT_WITH_COOKIE, "192.0.2.1") is first
    assert reader.read_udp(OPT_WITH_COOKIE, "192.0.2.2") != first
    reader.tick(1_000_060)
    assert reader.read_udp(OPT_WITH_COOKIE, "192.0.2.1") != first


def test_edns_remembers_so_much_and_no_more() -> None:
    reader = EdnsReader(Cookies((b"x" * 16,)), "", 10)
    reader.tick(1_000_000)
    for number in range(51_000):
        reader.read_udp(OPT_WITH_COOKIE[:-4] + number.to_bytes(4), "192.0.2.1")
    assert len(reader.personal) + len(reader.plain) <= 50_000


def test_counters_of_the_last_zone_do_not_reach_into_what_follows() -> None:
    counters = Counters()
    counters.query(LARGEST_ZONES - 1, 99999, 99999, is_tcp=True)
    (seen,) = counters.queries({LARGEST_ZONES - 1: "last"})
    assert (seen.zone, seen.type, seen.rcode, seen.transport, seen.count) == ("last", "other", "other", "tcp", 1)
    assert sum(counters.slots.tolist()) == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [("192.0.2.1:53", ("192.0.2.1", 53)), ("[2001:db8::1]:5300", ("2001:db8::1", 5300)), ("[::]:53", ("::", 53))],
)
def test_an_address_and_a_port_are_read(text: str, place: tuple[str, int]) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize("text", ["", "53", "192.0.2.1", "192.0.2.1:", ":53", "192.0.2.1:dns"])
def test_what_is_no_address_and_port_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="write an address and a port"):
        parse_place(text)


def test_cookie_secrets_are_read_first_one_first(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{'00' * 16}\n{'ff' * 16}\n")
    assert load_cookie_secrets(path) == (b"\0" * 16, b"\xff" * 16)
    assert load_cookie_secrets(None) != load_cookie_secrets(None)


@pytest.mark.parametrize("text", ["", "00", "zz" * 16, f"{'00' * 16} {'00' * 15}"])
def test_a_wrong_cookie_secret_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="cookie_secret_file"):
        load_cookie_secrets(path)


def test_zones_come_from_the_file_if_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "zones.yaml"
    path.write_text("zones:\n- origin: Web.Example.Org.\n  networks: [10.0.0.0/8]\n")
    (zone,) = load_zones(ServerSettings(zones_file=path, zones=(ZoneConfig(origin="other.test"),)))
    assert zone.origin == "web.example.org"


@pytest.mark.parametrize(
    "text",
    ["", "zones: []", "zones: [", "zones: [{origin: a..b}]", "zones: [{origin: a.b, caa: [nonsense]}]", "zones: [{}]"],
)
def test_a_wrong_zones_file_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "zones.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="zone"):
        load_zones(ServerSettings(zones_file=path))


def test_more_zones_than_there_are_counters_for_are_refused() -> None:
    zones = tuple(ZoneConfig(origin=f"z{number}.test") for number in range(LARGEST_ZONES))
    with pytest.raises(ConfigurationError, match="63 at most"):
        load_zones(ServerSettings(zones=zones))
