"""The three ways to an answer say the same; and nothing that comes over the wire breaks them."""

from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.name
import pytest
from dns.edns import OptionType
from hypothesis import given, settings
from hypothesis import strategies as st

from brb_dns.server.cookies import Cookies
from brb_dns.server.edns import packed
from brb_dns.server.messages import Malformed
from brb_dns.server.replies import Signed
from brb_dns.zone.names import parse_name
from brb_dns.zone.records import Change, RecordKey
from fakes.dns_worker import HOST, NOW, ORIGIN, SECRET, StillWorker, record

WORKER = StillWorker(nsid="test")
WIRE_ORIGIN = parse_name(ORIGIN)
FAST, GENERAL = StillWorker(nsid="test"), StillWorker(nsid="test")
_VALID = Cookies((SECRET,)).renew(b"client!!", b"", packed(HOST), NOW)
_OCTETS = st.one_of(st.integers(0, 300).map(str), st.sampled_from(["0", "1", "10", "01", "192", "168", "255", "127"]))
_WORDS = (
    "app a team host shop far away * wild big unknown ns1 inner _acme-challenge ten nothing 0a000001 2001-db8--1 "
    "a-b-c-d-5-6-7-8 second"
)
_STARTS = st.sampled_from(["", "app-", "1-", "-", "a--", "2001-db8-", "x" * 40])
_LABELS = st.one_of(
    _OCTETS,
    st.sampled_from(_WORDS.split()),
    st.builds(
        lambda start, octets: (start + "-".join(octets))[:63], _STARTS, st.lists(_OCTETS, min_size=3, max_size=5)
    ),
    st.text("ab-0123456789_", min_size=1, max_size=12),
)
_ADDRESSES = st.lists(_OCTETS, min_size=4, max_size=5).map(".".join)
_RELATIVE = st.one_of(
    st.lists(_LABELS, max_size=6).map(".".join),
    st.tuples(st.lists(_LABELS, max_size=3), _ADDRESSES).map(lambda parts: ".".join([*parts[0], parts[1]])),
)
_ORIGINS = st.sampled_from(
    [ORIGIN, "WEB.example.ORG", f"inner.{ORIGIN}", "second.test", "example.org", "x" + ORIGIN, ""]
)
_DATA = ["A", "AAAA", "TXT", "NS", "SOA", "MX", "CAA", "CNAME", "HTTPS", "SRV", "DS", "RRSIG", "TYPE65280", "TYPE0"]
_TYPES = st.sampled_from([*_DATA, "ANY", "AXFR", "IXFR", "TKEY", "MAILA", "OPT", "TSIG"])
_OPTIONS = st.lists(
    st.sampled_from([
        dns.edns.CookieOption(b"client!!", b""),
        dns.edns.CookieOption(b"client!!", _VALID),
        dns.edns.CookieOption(b"client!!", b"x" * 16),
        dns.edns.GenericOption(OptionType.make(3), b""),
        dns.edns.GenericOption(OptionType.make(11), b""),
        dns.edns.GenericOption(OptionType.make(65001), b"any"),
    ]),
    max_size=3, unique_by=lambda option: option.otype,
)  # fmt: skip
_EDNS = st.one_of(
    st.none(),
    st.tuples(st.sampled_from([0, 0, 0, 1, 7]), st.sampled_from([0, 512, 1232, 4096]), st.booleans(), _OPTIONS),
)


@st.composite
def queries(draw: st.DrawFn) -> bytes:
    text = ".".join(part for part in (draw(_RELATIVE), draw(_ORIGINS)) if part) + "."
    try:
        name = dns.name.from_text(text)
    except dns.name.NameTooLong:
        name = dns.name.from_text("long.")
    message = dns.message.make_query(name, draw(_TYPES), rdclass=draw(st.sampled_from(["IN", "IN", "IN", "CH", "ANY"])))
    message.flags = dns.flags.Flag(draw(st.sampled_from([0, 0x100, 0x10, 0x120, 0x30, 0x600, 0x80])))
    edns = draw(_EDNS)
    if edns is not None:
        version, payload, wants_dnssec, options = edns
        message.use_edns(version, dns.flags.DO * wants_dnssec, payload, options=options)
    return message.to_wire()


def canonical(wire: bytes) -> tuple[object, ...]:
    message = dns.message.from_wire(wire)
    sections = [sorted(rrset.to_text().lower() for rrset in section) for section in message.sections[1:]]
    options = [option.to_wire() for option in message.options]
    question = wire[12:].split(b"\0", 1)[0] if message.question else b""
    return (message.id, message.flags, message.rcode(), question, sections, message.edns, message.payload,
            message.ednsflags, options)  # fmt: skip


def by_hand(worker: StillWorker, wire: bytes, *, is_tcp: bool) -> bytes | None:
    reply = worker.responder.respond(wire, HOST, is_tcp=is_tcp)
    assert not isinstance(reply, Signed)
    return reply


@given(queries(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_the_hand_written_way_and_dnspython_give_equal_answers(wire: bytes, is_tcp: bool) -> None:
    reply = by_hand(WORKER, wire, is_tcp=is_tcp)
    assert reply is not None
    if dns.message.from_wire(reply).rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP) and len(reply) == 12:
        with pytest.raises(Malformed):
            WORKER.slow(wire, is_tcp=is_tcp)
        return
    assert canonical(reply) == canonical(WORKER.slow(wire, is_tcp=is_tcp))


@given(queries())
@settings(max_examples=300, deadline=None)
def test_the_fast_path_gives_the_same_bytes_and_counts_as_the_general_one(wire: bytes) -> None:
    before = FAST.counters.slots.tolist()
    reply = FAST.fast_path(wire, HOST)
    if reply is None:
        assert FAST.counters.slots.tolist() == before
    else:
        assert reply == by_hand(GENERAL, wire, is_tcp=False)
        assert FAST.counters.slots.tolist() == GENERAL.counters.slots.tolist()


@pytest.mark.parametrize(
    "name", ["10.0.0.1", "app.10.0.0.1", "a.b.c.d.10.255.255.255", "app-10-0-0-1", "x.app-192-168-1-1"]
)
@pytest.mark.parametrize("type_", ["A", "AAAA", "HTTPS", "TXT"])
@pytest.mark.parametrize("edns", [-1, 0])
def test_common_queries_do_take_the_fast_path(name: str, type_: str, edns: int) -> None:
    wire = dns.message.make_query(f"{name}.{ORIGIN}", type_, use_edns=edns).to_wire()
    assert WORKER.fast_path(wire, HOST)


@pytest.mark.parametrize("name", ["nothing", "a.b.nothing", "x-y-z", "wp-login.10-0-0.php", "_dmarc", "1-2-3-256"])
@pytest.mark.parametrize("type_", ["A", "AAAA", "HTTPS", "TXT"])
def test_made_up_names_do_too_while_no_wildcard_speaks_for_them(name: str, type_: str) -> None:
    wire = dns.message.make_query(f"{name}.{ORIGIN}", type_).to_wire()
    worker = StillWorker()
    reply = worker.fast_path(wire, HOST)
    assert reply
    assert reply == by_hand(StillWorker(), wire, is_tcp=False)
    assert dns.message.from_wire(reply).rcode() == dns.rcode.NXDOMAIN
    worker.zones.apply(Change(revision=2, serial=2, upserts=(record("*", "TXT", '"any"'),)))
    assert worker.fast_path(wire, HOST) is None
    worker.zones.apply(Change(revision=3, serial=3, deletes=(RecordKey(f"*.{ORIGIN}", "TXT"),)))
    assert worker.fast_path(wire, HOST)


_MAY_EXIST = "team other.team any.wild deep.any.wild 0a000001 app.0a000001 app.2001-db8--1 1 0.1 a-b-c-d-5-6-7-8"


@pytest.mark.parametrize("name", _MAY_EXIST.split())
def test_other_names_that_may_exist_are_left_to_the_general_way(name: str) -> None:
    assert WORKER.fast_path(dns.message.make_query(f"{name}.{ORIGIN}", "A").to_wire(), HOST) is None


@pytest.mark.parametrize("edns", [-1, 0])
@pytest.mark.parametrize("options", [[], [dns.edns.CookieOption(b"client.8", b"")]], ids=["bare", "cookie"])
def test_the_fast_path_limits_as_the_general_one_does(edns: int, options: list[dns.edns.Option]) -> None:
    limits: dict[str, Any] = {"rate_limit_answers": 3, "rate_limit_nodata": 3, "rate_limit_nxdomain": 2}
    fast, general = StillWorker(**limits), StillWorker(**limits)
    queries = [
        dns.message.make_query(f"{name}.{ORIGIN}", type_, use_edns=edns, options=options, id=7)
        for name, type_ in (("10.0.0.1", "A"), ("10.0.0.1", "AAAA"), ("nothing", "A"))
    ]
    wires = [query.to_wire() for query in queries]
    replies = [(fast.fast_path(wire, HOST) or None, general.uncommon(wire)) for wire in wires * 12]
    assert [a for a, _ in replies] == [b for _, b in replies]
    assert fast.counters.slots.tolist() == general.counters.slots.tolist()


def check_is_harmless(worker: StillWorker, wire: bytes) -> None:
    for reply in (worker.udp(wire), worker.tcp(wire)):
        if len(wire) < 12 or wire[2] & 0x80:
            assert reply is None
        elif reply is not None:
            assert reply[:2] == wire[:2]
            assert reply[2] & 0x80
            dns.message.from_wire(reply, ignore_trailing=False)
    unverified = worker.udp(wire, "198.51.100.1")
    assert unverified is None or len(unverified) <= max(12, 5 * len(wire))


@given(st.binary(max_size=600))
@settings(max_examples=200, deadline=None)
def test_no_bytes_break_the_server(wire: bytes) -> None:
    check_is_harmless(UNSIGNED, wire)


@given(queries(), st.data())
@settings(max_examples=400, deadline=None)
def test_no_damaged_query_breaks_the_server(wire: bytes, data: st.DataObject) -> None:
    """A few bytes changed, cut, doubled or put in somewhere: near to what is well-formed."""
    damaged = bytearray(wire)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(damaged) - 1)))
        match data.draw(st.sampled_from(["set", "cut", "insert", "double"])):
            case "set":
                damaged[at : at + 1] = bytes([data.draw(st.sampled_from([0, 1, 3, 41, 63, 64, 65, 90, 192, 250, 255]))])
            case "cut":
                del damaged[at : at + data.draw(st.integers(1, 8))]
            case "insert":
                damaged[at:at] = data.draw(st.binary(min_size=1, max_size=8))
            case "double":
                damaged += damaged[at:]
    check_is_harmless(UNSIGNED, bytes(damaged))


class _UnsignedWorker(StillWorker):
    """A message that happens to hold a TSIG has no answer of its own here."""

    def uncommon(self, wire: bytes, host: str = HOST) -> bytes | None:
        reply = self.responder.respond(wire, host, is_tcp=False)
        return None if isinstance(reply, Signed) else reply

    def tcp(self, wire: bytes, host: str = HOST) -> bytes | None:
        reply = self.responder.respond(wire, host, is_tcp=True)
        return None if isinstance(reply, Signed) else reply


UNSIGNED = _UnsignedWorker()


def test_a_label_with_a_dot_or_a_zero_byte_is_not_taken_for_an_address() -> None:
    for label in (b"\x0810.0.0.1", b"\x0410\x00\x01", b"\x05a\x03web"):
        wire = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + label + WIRE_ORIGIN + b"\0\1\0\1"
        reply = WORKER.udp(wire)
        assert reply is not None
        assert dns.message.from_wire(reply).rcode() == dns.rcode.NXDOMAIN


def test_an_origin_inside_a_label_is_not_the_origin() -> None:
    hidden = b"\2\x011\x0210\x010\x010" + bytes([len(WIRE_ORIGIN) + 2]) + b"\x011" + WIRE_ORIGIN
    wire = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + hidden + b"\0" + b"\0\1\0\1"
    assert WORKER.fast_path(wire, HOST) is None


@pytest.mark.parametrize("length", range(60, 70))
def test_the_longest_label_and_what_is_longer(length: int) -> None:
    wire = b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + bytes([length]) + b"x" * length + b"\x0210\x010\x010\x011"
    wire += WIRE_ORIGIN + b"\0\1\0\1"
    reply = WORKER.udp(wire)
    assert reply is not None
    assert reply[3] & 15 == (0 if length <= 63 else dns.rcode.FORMERR)
