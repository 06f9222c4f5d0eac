"""Answers written by hand: header, the question as asked, and records whose owners are compressed."""

from collections.abc import Mapping

from brb_dns.server.edns import Edns
from brb_dns.server.messages import AA, HEADER_BYTES, TC, Query, render_empty, render_header
from brb_dns.zone.names import compress, places_of
from brb_dns.zone.rrsets import RRset, render_tail
from brb_dns.zone.zones import Answer


def render_answer(query: Query, answer: Answer, edns: Edns, limit: int) -> bytes:
    """At most `limit` bytes: without the additional section if that is enough, else truncated (TC, no records)."""
    flags = AA if answer.zone is not None else 0
    places = places_of(query.name, HEADER_BYTES) if answer.answer else {}
    records = [
        _render_rrsets(answer.answer, places),
        _render_authority(query, answer, places),
        _render_rrsets(answer.additional, places),
    ]
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


def _render_authority(query: Query, answer: Answer, places: Mapping[bytes, int]) -> list[bytes]:
    """Of a negative answer: the SOA of the question's zone is ready, whatever the question's name is."""
    zone = answer.zone
    if zone is not None and answer.authority == (zone.soa,):
        return [zone.place_soa(HEADER_BYTES + len(query.name) - len(zone.origin))]
    return _render_rrsets(answer.authority, places)


def _render_rrsets(rrsets: tuple[RRset, ...], places: Mapping[bytes, int]) -> list[bytes]:
    records = []
    for rrset in rrsets:
        owner = compress(rrset.owner, places)
        records += [owner + render_tail(rrset, rdata) for rdata in rrset.rdatas]
    return records
