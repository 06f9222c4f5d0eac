"""Answers written by hand: header, the question as asked, and records whose owners are compressed."""

from brb_dns.server.edns import Edns
from brb_dns.server.messages import AA, HEADER_BYTES, TC, Query, render_empty, render_header
from brb_dns.zone.names import parent_of
from brb_dns.zone.rrsets import RRset, render_tail
from brb_dns.zone.zones import Answer

_POINTER = 0xC000


def render_answer(query: Query, answer: Answer, edns: Edns, limit: int) -> bytes:
    """At most `limit` bytes: without the additional section if that is enough, else truncated (TC, no records)."""
    flags = AA if answer.zone is not None else 0
    places = _places(query.name)
    records = [_render_rrsets(part, places) for part in (answer.answer, answer.authority, answer.additional)]
    for sections in (records, records[:2]):
        body = b"".join([b"".join(section) for section in sections])
        if HEADER_BYTES + len(query.question) + len(body) + len(edns.opt) <= limit:
            counts = [len(section) for section in sections] + [0]
            return _render(query, flags, answer.rcode, body, counts, edns.opt)
    return render_empty(query, answer.rcode, edns.opt, flags | TC)


def _render(query: Query, flags: int, rcode: int, body: bytes, counts: list[int], opt: bytes) -> bytes:
    opts = counts[2] + (1 if opt else 0)
    header = render_header(query.wire, flags, rcode, questions=1, answers=counts[0], authorities=counts[1], opts=opts)
    return header + query.question + body + opt


def _render_rrsets(rrsets: tuple[RRset, ...], places: dict[bytes, int]) -> list[bytes]:
    records = []
    for rrset in rrsets:
        owner = _compress(rrset.owner, places)
        records += [owner + render_tail(rrset, rdata) for rdata in rrset.rdatas]
    return records


def _places(name: bytes) -> dict[bytes, int]:
    """Where each suffix of the question's name stands in the message."""
    places = {}
    at = HEADER_BYTES
    while name != b"\0":
        places[name] = at
        at += 1 + name[0]
        name = parent_of(name)
    return places


def _compress(owner: bytes, places: dict[bytes, int]) -> bytes:
    """Source: RFC 1035, 4.1.4."""
    rest = owner
    while rest != b"\0":
        if rest in places:
            return owner[: len(owner) - len(rest)] + (_POINTER | places[rest]).to_bytes(2)
        rest = parent_of(rest)
    return owner
