"""The same zone served by NSD, by Knot and by us gives equal answers.

Compared: rcode, flags, question, and the answer and authority sections as sets of RRsets with their TTLs. Not
compared: the additional section (which a server may fill as it likes) and the order of records. Ours is started
without its limit on amplification, which the others do not have.
"""

from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from brb_shared.testing.nameservers import Knot, NameServer, Nsd
from fakes.dns_servers import OurNameServer
from fakes.dns_zone import NAMES, ORIGIN, TYPES, ZONE_FILE, absolute, our_configuration, our_snapshot

LOOPBACK = "127.0.0.1"
_PATIENCE_SECONDS = 5.0
Ask = Callable[[dns.message.Message, int], dns.message.Message]
Section = frozenset[tuple[str, int, str, frozenset[str]]]


def by_udp(query: dns.message.Message, port: int) -> dns.message.Message:
    return dns.query.udp(query, LOOPBACK, port=port, timeout=_PATIENCE_SECONDS)


def by_tcp(query: dns.message.Message, port: int) -> dns.message.Message:
    return dns.query.tcp(query, LOOPBACK, port=port, timeout=_PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def ours() -> Iterator[OurNameServer]:
    server = OurNameServer(our_configuration(), our_snapshot(), {"AMPLIFICATION_LIMIT": "1000"})
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="module", params=[Nsd, Knot], ids=lambda kind: kind.name)
def theirs(request: pytest.FixtureRequest) -> Iterator[NameServer]:
    server: NameServer = request.param(ORIGIN, ZONE_FILE)
    server.start()
    yield server
    server.remove()


@pytest.mark.parametrize("ask", [by_udp, by_tcp])
@pytest.mark.parametrize("edns", [True, False], ids=["edns", "plain"])
def test_every_name_has_the_same_answer_for_every_type(
    ours: OurNameServer, theirs: NameServer, ask: Ask, edns: bool
) -> None:
    different = [
        difference
        for name in NAMES
        for type_ in TYPES
        if (difference := _difference(_query(name, type_, edns=edns), ask, ours.port, theirs.port))
    ]
    assert different == []


@pytest.mark.parametrize("ask", [by_udp, by_tcp])
def test_any_has_one_rrset_of_the_name(ours: OurNameServer, theirs: NameServer, ask: Ask) -> None:
    """Which one is each server's choice (RFC 8482, 4.1); NSD chooses over TCP only, and truncates over UDP."""
    for name in NAMES:
        query = _query(name, "ANY", edns=True)
        *our_head, our_rrsets, our_authority = _observe(ask(query, ours.port))
        *their_head, their_rrsets, their_authority = _observe(by_tcp(query, theirs.port))
        if "TC" in our_head[1]:
            continue
        assert (our_head, our_authority, len(our_rrsets)) == (their_head, their_authority, len(their_rrsets)), name
        for rrset in our_rrsets:
            assert rrset in _observe(by_tcp(_query(name, rrset[2], edns=True), theirs.port))[3], name


@pytest.mark.parametrize("ask", [by_udp, by_tcp])
@pytest.mark.parametrize("name", ["other.example.", "example.", "xstatic.example.", "."])
def test_names_of_other_zones_are_refused_without_records(
    ours: OurNameServer, theirs: NameServer, ask: Ask, name: str
) -> None:
    query = dns.message.make_query(name, "A", use_edns=0, payload=1232)
    assert _difference(query, ask, ours.port, theirs.port) is None
    assert ask(query, ours.port).rcode() == dns.rcode.REFUSED


def _difference(query: dns.message.Message, ask: Ask, our_port: int, their_port: int) -> str | None:
    ours, theirs = _observe(ask(query, our_port)), _observe(ask(query, their_port))
    return None if ours == theirs else f"{query.question[0]}: ours {ours}, theirs {theirs}"


def _query(name: str, type_: str, *, edns: bool) -> dns.message.Message:
    return dns.message.make_query(absolute(name), type_, use_edns=0 if edns else False, payload=1232)


def _observe(answer: dns.message.Message) -> tuple[str, str, str, Section, Section]:
    """A truncated answer counts as one without records: nobody may use what is in it. Source: RFC 2181, 9."""
    flags = dns.flags.to_text(answer.flags)
    truncated = bool(answer.flags & dns.flags.TC)
    sections = [frozenset() if truncated else _rrsets(section) for section in (answer.answer, answer.authority)]
    question = " ".join(map(str, answer.question))
    return dns.rcode.to_text(answer.rcode()), flags, question, sections[0], sections[1]


def _rrsets(section: list[dns.rrset.RRset]) -> Section:
    return frozenset(
        (
            rrset.name.canonicalize().to_text(),
            rrset.ttl,
            dns.rdatatype.to_text(rrset.rdtype),
            frozenset(rdata.to_digestable().hex() for rdata in rrset),
        )
        for rrset in section
    )
