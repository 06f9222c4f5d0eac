"""What goes over the wire, field by field."""

import struct
from collections.abc import Sequence
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.update
import pytest
from dns.edns import OptionType

from brb_dns.server.cookies import Cookies
from brb_dns.server.counters import Single
from brb_dns.server.edns import packed
from brb_dns.server.replies import Signed
from brb_dns.server.signed import refuse_signed
from brb_dns.zone.config import Nameserver, ZoneConfig
from brb_dns.zone.records import Change
from brb_dns.zone.zone import Zone
from fakes.dns_worker import HOST, NOW, ORIGIN, SECRET, StillWorker

CLIENT_COOKIE = b"client!!"


@pytest.fixture(name="worker")
def still_worker() -> StillWorker:
    return StillWorker()


def query(name: str = "app.10.0.0.1", type_: str = "A", **options: Any) -> dns.message.QueryMessage:
    full = name if name.endswith(".") else f"{name}.{ORIGIN}." if name else f"{ORIGIN}."
    return dns.message.make_query(full, type_, **options)


def ask(worker: StillWorker, message: dns.message.Message, *, tcp: bool = False) -> dns.message.Message:
    wire = (worker.tcp if tcp else worker.udp)(message.to_wire())
    assert wire is not None
    return dns.message.from_wire(wire)


def with_options(*options: dns.edns.Option, payload: int = 1232) -> dns.message.Message:
    return query(use_edns=0, payload=payload, options=list(options))


def cookie(server: bytes = b"") -> dns.edns.Option:
    return dns.edns.CookieOption(CLIENT_COOKIE, server)


def valid_cookie() -> dns.edns.Option:
    return cookie(Cookies((SECRET,)).renew(CLIENT_COOKIE, b"", packed(HOST), NOW))


def option(message: dns.message.Message, otype: OptionType) -> dns.edns.Option | None:
    return next((option for option in message.options if option.otype == otype), None)


def texts(rrsets: Sequence[object]) -> list[str]:
    return [str(rrset) for rrset in rrsets]


def test_an_answer_is_authoritative_and_echoes_the_question_letter_by_letter(worker: StillWorker) -> None:
    asked = query("aPP.10.0.0.1")
    asked.question[0].name = dns.name.from_text("aPP.10.0.0.1.wEb.eXample.ORG.")
    wire = asked.to_wire()
    reply = worker.udp(wire)
    assert reply is not None
    assert reply[12 : len(wire)] == wire[12:]
    answer = dns.message.from_wire(reply)
    assert answer.flags == dns.flags.QR | dns.flags.AA | dns.flags.RD
    assert texts(answer.answer) == ["aPP.10.0.0.1.wEb.eXample.ORG. 300 IN A 10.0.0.1"]


@pytest.mark.parametrize(
    ("asked", "echoed"),
    [
        (0, 0),
        (dns.flags.RD, dns.flags.RD),
        (dns.flags.RD | dns.flags.AD | dns.flags.CD, dns.flags.RD | dns.flags.CD),
        (dns.flags.AA | dns.flags.TC | dns.flags.RA, 0),
    ],
)
@pytest.mark.parametrize("name", ["app.10.0.0.1", "nothing"])
def test_only_rd_and_cd_are_copied(worker: StillWorker, asked: int, echoed: int, name: str) -> None:
    message = query(name)
    message.flags = dns.flags.Flag(asked)
    assert ask(worker, message).flags & ~0xF == dns.flags.QR | dns.flags.AA | echoed


@pytest.mark.parametrize(
    ("name", "type_", "rcode"),
    [
        ("app.10.0.0.1", "AAAA", dns.rcode.NOERROR),
        ("app.10.0.0.1", "HTTPS", dns.rcode.NOERROR),
        ("app.10.0.0.1", "TYPE65280", dns.rcode.NOERROR),
        ("2001-db8--1", "A", dns.rcode.NOERROR),
        ("1", "A", dns.rcode.NOERROR),
        ("0.1", "TXT", dns.rcode.NOERROR),
        ("team", "A", dns.rcode.NOERROR),
        ("", "A", dns.rcode.NOERROR),
        ("", "DS", dns.rcode.NOERROR),
        ("nothing", "A", dns.rcode.NXDOMAIN),
        ("300", "A", dns.rcode.NXDOMAIN),
        ("foo.nothing", "ANY", dns.rcode.NXDOMAIN),
        ("127.0.0.1", "A", dns.rcode.NXDOMAIN),
    ],
)
def test_negative_answers_carry_the_soa_with_the_negative_ttl(
    worker: StillWorker, name: str, type_: str, rcode: dns.rcode.Rcode
) -> None:
    answer = ask(worker, query(name, type_))
    assert (answer.rcode(), answer.answer, answer.additional) == (rcode, [], [])
    soa = f"{ORIGIN}. 60 IN SOA ns1.{ORIGIN}. hostmaster.{ORIGIN}. 1 3600 600 1209600 60"
    assert texts(answer.authority) == [soa]
    assert answer.flags & dns.flags.AA


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize(
    ("name", "type_"), [("app.10.0.0.1", "TXT"), ("nothing", "A"), ("", "SRV"), ("host.team", "TXT")]
)
def test_a_negative_answer_says_the_zones_name_once(worker: StillWorker, name: str, type_: str, *, tcp: bool) -> None:
    wire = (worker.tcp if tcp else worker.udp)(query(name, type_).to_wire())
    assert wire is not None
    assert wire.count(b"\x03web\x07example\x03org") == 1


@pytest.mark.parametrize("server", [f"ns1.{ORIGIN}", ORIGIN, "ns1.example.org", "a.b.org", "ns1.other.test"])
@pytest.mark.parametrize("hostmaster", ["", "dns@example.org", "first.last@other.test"])
def test_the_soa_is_read_as_it_was_wherever_its_names_lie(server: str, hostmaster: str) -> None:
    zone = Zone(ZoneConfig(origin=ORIGIN, nameservers=(Nameserver(name=server),), hostmaster=hostmaster), 7)
    question = query("app.10.0.0.1", "TXT").to_wire()
    record = zone.place_soa(question.index(zone.origin))
    read = dns.message.from_wire(question[:8] + b"\0\1" + question[10:] + record)
    whole = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.SOA, zone.soa.rdatas[0], 0, len(zone.soa.rdatas[0]))
    assert list(read.authority[0]) == [whole]
    assert len(record) <= len(zone.soa.rdatas[0]) + 12


def test_the_soa_of_a_negative_answer_has_the_serial_of_now(worker: StillWorker) -> None:
    for serial in (1, 2):
        worker.zones.apply(Change(revision=serial, serial=serial))
        for name, type_ in (("10.0.0.1", "TXT"), ("nothing", "A")):
            assert ask(worker, query(name, type_)).authority[0][0].serial == serial


def test_a_type_that_is_unknown_is_served_as_it_was_given(worker: StillWorker) -> None:
    assert texts(ask(worker, query("unknown", "TYPE65280")).answer) == [
        rf"unknown.{ORIGIN}. 60 IN TYPE65280 \# 4 0a000001"
    ]


def test_the_apex_names_its_servers_with_their_addresses(worker: StillWorker) -> None:
    answer = ask(worker, query("", "NS"))
    assert sorted(line for rrset in answer.answer for line in str(rrset).splitlines()) == [
        f"{ORIGIN}. 300 IN NS ns.example.com.",
        f"{ORIGIN}. 300 IN NS ns1.{ORIGIN}.",
    ]
    assert texts(answer.additional) == [f"ns1.{ORIGIN}. 300 IN A 192.0.2.1", f"ns1.{ORIGIN}. 300 IN AAAA 2001:db8::1"]


def test_a_cname_comes_with_what_it_points_at_in_any_of_our_zones(worker: StillWorker) -> None:
    assert texts(ask(worker, query("shop")).answer) == [
        f"shop.{ORIGIN}. 60 IN CNAME app.10.0.0.1.{ORIGIN}.",
        f"app.10.0.0.1.{ORIGIN}. 300 IN A 10.0.0.1",
    ]
    assert texts(ask(worker, query("far")).answer)[1] == "10.9.8.7.second.test. 7 IN A 10.9.8.7"
    away = ask(worker, query("away"))
    assert (len(away.answer), away.authority, away.rcode()) == (1, [], 0)


def test_other_zones_other_classes_and_transfers_are_refused_without_aa(worker: StillWorker) -> None:
    refused = [
        query("www.example.com."),
        query("."),
        query("xweb.example.org."),
        query("version.bind.", "TXT", rdclass=dns.rdataclass.CH),
        query("id.server.", "TXT", rdclass=dns.rdataclass.CH),
        query(rdclass=dns.rdataclass.ANY),
        query("", "AXFR"),
        query("", "IXFR"),
        query("", "TKEY"),
    ]
    for message in refused:
        answer = ask(worker, message, tcp=True)
        assert (answer.rcode(), answer.flags & dns.flags.AA) == (dns.rcode.REFUSED, 0), message
        assert answer.question == message.question
        assert not answer.answer + answer.authority


def test_unsigned_updates_and_notifies_are_refused(worker: StillWorker) -> None:
    update = dns.update.UpdateMessage(ORIGIN)
    update.add("x", 60, "A", "10.0.0.1")
    notify = query("", "SOA")
    notify.set_opcode(dns.opcode.NOTIFY)
    for message in (update, notify):
        answer = ask(worker, message)
        assert (answer.rcode(), answer.opcode()) == (dns.rcode.REFUSED, message.opcode())


@pytest.mark.parametrize("opcode", [1, 2, 3, 6, 7, 15])
def test_other_opcodes_are_not_implemented(worker: StillWorker, opcode: int) -> None:
    message = query()
    message.set_opcode(dns.opcode.Opcode(opcode))
    wire = worker.udp(message.to_wire())
    assert wire is not None
    assert (wire[2] >> 3 & 15, wire[3] & 15, len(wire)) == (opcode, dns.rcode.NOTIMP, 12)


WHOLE = query(use_edns=0).to_wire()
# fmt: off
GARBAGE = {
    "a header that promises a question": b"\x12\x34\1\0\0\1\0\0\0\0\0\0",
    "a name that ends too early": WHOLE[:20],
    "no type": WHOLE[:12] + b"\1a\0",
    "a pointer as the question": WHOLE[:12] + b"\xc0\x0c\0\1\0\1",
    "a label of reserved kind": WHOLE[:12] + b"\x80\0\0\1\0\1",
    "a name above 255 bytes": WHOLE[:11] + b"\0" + b"\x3fx" + b"x" * 62 + (b"\x3f" + b"x" * 63) * 3 + b"\0\0\1\0\1",
    "two questions": WHOLE[:4] + b"\0\2" + WHOLE[6:11] + b"\0" + b"\1a\0\0\1\0\1" * 2,
    "bytes after the message": query(use_edns=-1).to_wire() + b"x",
    "bytes after EDNS": WHOLE + b"x",
    "an OPT cut short": WHOLE[:-3],
    "an OPT whose option is too long": query(use_edns=-1).to_wire()[:11] + b"\1" + query(use_edns=-1).to_wire()[12:]
        + b"\0\0\x29\4\xd0\0\0\0\0\0\5\0\x0a\0\x09x",
    "a cookie of seven bytes": with_options(dns.edns.GenericOption(OptionType.make(10), b"1234567")).to_wire(),
    "a cookie of forty-one bytes": with_options(dns.edns.GenericOption(OptionType.make(10), b"x" * 41)).to_wire(),
    "a question of type OPT": query("app.10.0.0.1", "OPT").to_wire(),
    "no question and no cookie": b"\x12\x34\1\0\0\0\0\0\0\0\0\0",
}
# fmt: on


@pytest.mark.parametrize("wire", GARBAGE.values(), ids=GARBAGE.keys())
@pytest.mark.parametrize("is_tcp", [False, True])
def test_garbage_is_a_format_error(worker: StillWorker, wire: bytes, is_tcp: bool) -> None:
    reply = (worker.tcp if is_tcp else worker.udp)(wire)
    assert reply is not None
    assert reply[:2] == wire[:2]
    assert reply[2] & 0x80
    assert reply[3] & 15 == dns.rcode.FORMERR
    assert len(reply) <= len(wire)


@pytest.mark.parametrize("wire", [b"", b"x", WHOLE[:11], WHOLE[:2] + b"\x81" + WHOLE[3:], b"\xff" * 40])
def test_what_is_shorter_than_a_header_or_an_answer_itself_is_never_answered(worker: StillWorker, wire: bytes) -> None:
    assert worker.udp(wire) is None
    assert worker.tcp(wire) is None
    assert worker.counters.slots[Single.DROPPED] == 2


def test_edns_is_answered_with_edns_and_only_then(worker: StillWorker) -> None:
    for name in ("app.10.0.0.1", "nothing", "www.example.com."):
        answer = ask(worker, query(name, use_edns=0, payload=4096, ednsflags=dns.flags.DO))
        assert (answer.edns, answer.payload, answer.ednsflags) == (0, 1232, dns.flags.DO)
        assert ask(worker, query(name, use_edns=0)).ednsflags == 0
        assert ask(worker, query(name, use_edns=-1)).edns == -1


def test_an_unknown_version_of_edns_is_said_and_nothing_else(worker: StillWorker) -> None:
    answer = ask(worker, query(use_edns=1, options=[cookie()]))
    assert (answer.rcode(), answer.edns, answer.answer, answer.options) == (dns.rcode.BADVERS, 0, [], ())


def test_unknown_options_are_ignored(worker: StillWorker) -> None:
    answer = ask(
        worker,
        with_options(
            dns.edns.GenericOption(OptionType.make(65001), b"x"), dns.edns.GenericOption(OptionType.make(8), b"bad ecs")
        ),
    )
    assert texts(answer.answer) == [f"app.10.0.0.1.{ORIGIN}. 300 IN A 10.0.0.1"]
    assert answer.options == ()


def test_the_servers_name_is_told_who_asks_and_only_if_there_is_one() -> None:
    nsid = dns.edns.GenericOption(OptionType.NSID, b"")
    named = option(ask(StillWorker(nsid="ns1-rome"), with_options(nsid)), OptionType.NSID)
    assert named == dns.edns.NSIDOption(b"ns1-rome")
    assert ask(StillWorker(nsid="ns1-rome"), with_options()).options == ()
    assert ask(StillWorker(), with_options(nsid)).options == ()


def test_keepalive_is_told_by_tcp_only(worker: StillWorker) -> None:
    keepalive = dns.edns.GenericOption(OptionType.make(11), b"")
    found = option(ask(worker, with_options(keepalive), tcp=True), OptionType.make(11))
    assert isinstance(found, dns.edns.GenericOption)
    assert found.data == struct.pack("!H", 100)
    assert ask(worker, with_options(keepalive)).options == ()


def test_a_client_gets_a_cookie_that_the_server_knows_again(worker: StillWorker) -> None:
    first = option(ask(worker, with_options(cookie())), OptionType.COOKIE)
    assert isinstance(first, dns.edns.CookieOption)
    assert (first.client, len(first.server)) == (CLIENT_COOKIE, 16)
    assert worker.counters.slots[Single.COOKIES] == 0
    again = option(ask(worker, with_options(cookie(first.server))), OptionType.COOKIE)
    assert again == first
    assert worker.counters.slots[Single.COOKIES] == 1


def test_a_client_may_ask_for_a_cookie_alone(worker: StillWorker) -> None:
    message = with_options(cookie())
    message.question = []
    answer = ask(worker, message)
    assert (answer.rcode(), answer.question) == (dns.rcode.NOERROR, [])
    assert option(answer, OptionType.COOKIE)


def test_an_answer_too_long_for_the_client_is_truncated_and_whole_by_tcp(worker: StillWorker) -> None:
    for message in (query("big", "TXT", use_edns=-1), query("big", "TXT", use_edns=0, payload=4096)):
        short = ask(worker, message)
        assert short.flags & dns.flags.TC
        assert short.answer + short.authority + short.additional == []
        whole = ask(worker, message, tcp=True)
        assert not whole.flags & dns.flags.TC
        assert len(whole.answer[0]) == 20


def test_an_address_that_may_be_forged_gets_a_few_times_the_query_at_most(worker: StillWorker) -> None:
    worker = StillWorker(amplification_limit=2)
    unknown = query("", "NS", use_edns=0, options=[cookie()])
    short = worker.udp(unknown.to_wire())
    assert short is not None
    assert len(short) <= 2 * len(unknown.to_wire())
    known = query("", "NS", use_edns=0, options=[valid_cookie()])
    assert len(ask(worker, known).additional) == 2


def test_additional_records_go_first_when_there_is_no_room(worker: StillWorker) -> None:
    wire = query("", "NS").to_wire()
    whole = StillWorker(amplification_limit=100).udp(wire)
    assert whole is not None
    factor = (len(whole) - 1) // len(wire)
    answer = ask(StillWorker(amplification_limit=factor), query("", "NS"))
    assert (len(answer.answer), answer.additional, answer.flags & dns.flags.TC) == (1, [], 0)


@pytest.mark.parametrize("name", ["app.10.0.0.1", "nothing", "www.example.com."])
def test_above_the_rate_one_in_slip_is_truncated_and_a_valid_cookie_exempts(name: str) -> None:
    limits: dict[str, Any] = dict.fromkeys(("rate_limit_answers", "rate_limit_nxdomain", "rate_limit_errors"), 2)
    worker = StillWorker(**limits)
    replies = [worker.udp(query(name).to_wire()) for _ in range(6)]
    assert [reply is not None for reply in replies] == [True, True, False, True, False, True]
    slipped = dns.message.from_wire(replies[3] or b"")
    assert (slipped.flags & dns.flags.TC, slipped.rcode(), slipped.answer, slipped.authority) == (
        dns.flags.TC,
        0,
        [],
        [],
    )
    assert (worker.counters.slots[Single.RATE_DROPPED], worker.counters.slots[Single.RATE_SLIPPED]) == (2, 2)
    known = query(name, use_edns=0, options=[valid_cookie()]).to_wire()
    assert all(worker.udp(known) for _ in range(10))
    assert all(worker.tcp(query(name).to_wire()) for _ in range(10))


def test_what_is_above_the_rate_is_never_written() -> None:
    worker = StillWorker(rate_limit_nxdomain=1, rate_limit_slip=0)
    zone = next(zone for zone in worker.zones if zone.config.origin == ORIGIN)
    assert worker.udp(query("other.team").to_wire()) is not None
    written = dict(zone.placed_soas)
    assert len(written) == 1
    assert worker.udp(query("longer.other.team").to_wire()) is None
    assert zone.placed_soas == written


def test_above_the_rate_a_client_with_half_a_cookie_gets_the_other_half() -> None:
    worker = StillWorker(rate_limit_answers=1, rate_limit_slip=1)
    wire = with_options(cookie()).to_wire()
    worker.udp(wire)
    answer = dns.message.from_wire(worker.udp(wire) or b"")
    assert (answer.rcode(), answer.answer) == (dns.rcode.BADCOOKIE, [])
    given = option(answer, OptionType.COOKIE)
    assert isinstance(given, dns.edns.CookieOption)
    assert worker.udp(with_options(given).to_wire())
    assert worker.counters.slots[Single.COOKIES] == 1


def test_unusual_messages_are_limited_because_they_cost_more() -> None:
    worker = StillWorker(slow_queries_per_second=2)
    message = query()
    message.additional.append(dns.rrset.from_text("x.", 1, "IN", "A", "192.0.2.1"))
    assert [worker.udp(message.to_wire()) is not None for _ in range(3)] == [True, True, False]
    assert worker.counters.slots[Single.SLOW_DROPPED] == 1
    worker.responder.tick()
    assert worker.udp(message.to_wire()) is not None


def signed(message: dns.message.Message) -> bytes:
    message.use_tsig(
        dns.tsigkeyring.from_text({"key.example.": "c2VjcmV0"}), "key.example.", algorithm=dns.tsig.HMAC_SHA256
    )
    return message.to_wire()


def test_signed_messages_of_any_kind_are_handed_on_as_they_came(worker: StillWorker) -> None:
    update = dns.update.UpdateMessage(ORIGIN)
    update.add("x", 60, "TXT", "value")
    for message in (update, query("", "AXFR"), query("", "SOA")):
        wire = signed(message)
        assert worker.responder.respond(wire, HOST, is_tcp=True) == Signed(wire)


def test_a_signature_that_nobody_can_check_is_of_an_unknown_key() -> None:
    message = query("", "AXFR")
    wire = signed(message)
    reply = refuse_signed(wire)
    answer = dns.message.from_wire(reply, keyring=False)
    assert answer.rcode() == dns.rcode.NOTAUTH
    assert answer.tsig is not None
    assert (answer.tsig[0].error, answer.tsig[0].mac, answer.tsig[0].original_id) == (17, b"", message.id)
    assert str(answer.tsig.name) == "key.example."
    assert len(reply) <= len(wire)


def test_every_query_is_counted_once(worker: StillWorker) -> None:
    for message in (query(), query(), query(type_="AAAA"), query("nothing"), query("www.example.com.")):
        ask(worker, message)
    ask(worker, query("", "SOA"), tcp=True)
    names = {0: "", **{slot: origin.decode() for origin, slot in worker.equipment.zone_slots.items()}}
    counted = sorted((seen.type, seen.rcode, seen.transport, seen.count) for seen in worker.counters.queries(names))
    assert counted == [
        ("A", "NOERROR", "udp", 2),
        ("A", "NXDOMAIN", "udp", 1),
        ("A", "REFUSED", "udp", 1),
        ("AAAA", "NOERROR", "udp", 1),
        ("SOA", "NOERROR", "tcp", 1),
    ]
