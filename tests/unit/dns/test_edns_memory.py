"""What is remembered of OPT records, and what an attacker cannot make the server remember."""

import secrets
import struct

from brb_dns.server.cookies import Cookies
from brb_dns.server.edns import EdnsReader

HOST = "192.0.2.1"
_UNKNOWN = 65001


def reader() -> EdnsReader:
    made = EdnsReader(Cookies((bytes(16),)), nsid="", keepalive_seconds=10)
    made.tick(1_000_000)
    return made


def opt(code: int, value: bytes) -> bytes:
    rdata = struct.pack("!HH", code, len(value)) + value
    return b"\0" + struct.pack("!HHIH", 41, 1232, 0, len(rdata)) + rdata


def test_the_records_that_resolvers_send_are_remembered() -> None:
    edns = reader()
    first = edns.read_udp(opt(10, b"client.8"), HOST)
    cookie = first.opt[15:39]
    shown = opt(10, cookie)
    assert edns.read_udp(shown, HOST).verified
    assert edns.read_udp(shown, HOST) is edns.read_udp(shown, HOST)
    assert (shown, HOST) in edns.personal


def test_long_records_are_read_and_not_remembered() -> None:
    """Four kilobytes of an unknown option, different each time, would else fill hundreds of megabytes in a minute."""
    edns = reader()
    for _ in range(100):
        assert edns.read_udp(opt(_UNKNOWN, secrets.token_bytes(4000)), HOST).size == 1232
    assert not edns.plain
    assert not edns.personal
