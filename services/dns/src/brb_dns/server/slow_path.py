"""Everything unusual, read and written by dnspython; tests hold the hand-written paths against it."""

from functools import partial

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rcode import Rcode

from brb_dns.server.edns import LARGEST, NO_EDNS, NO_EDNS_TCP, Edns, EdnsReader, with_rcode
from brb_dns.server.messages import HEADER_BYTES, Malformed, Query, parse_question_name
from brb_dns.server.replies import Reply, Signed, refusal_of, refusal_of_opcode, reply_bare
from brb_dns.zone.rrsets import RRset
from brb_dns.zone.zones import Answer, Zones

_NO_ANSWER = Answer(0)


class SlowPath:
    def __init__(self, zones: Zones, edns: EdnsReader, amplification: int) -> None:
        self._zones = zones
        self._edns = edns
        self._amplification = amplification

    def respond(self, wire: bytes, host: str, *, is_tcp: bool) -> Reply | Signed:
        """Raises Malformed."""
        message = _parse(wire)
        if message.had_tsig:
            return Signed(wire)
        refusal = refusal_of_opcode(message.opcode())
        if refusal is not None:
            return reply_bare(wire, refusal)
        edns = self._read_edns(message, host, is_tcp=is_tcp)
        query = _query_of(wire, message)
        answer = self._decide(query, edns)
        limit = edns.size if edns.verified else min(edns.size, self._amplification * len(wire))
        render = partial(_render, message, answer, edns, limit)
        return Reply(render, answer.rcode, edns, query, answer.zone, bool(answer.answer))

    def _decide(self, query: Query | None, edns: Edns) -> Answer:
        if edns.version:
            return Answer(int(Rcode.BADVERS))
        if query is None:
            if edns.has_cookie:  # a client may ask for a cookie alone: RFC 7873, 5.4
                return _NO_ANSWER
            raise Malformed
        refusal = refusal_of(query.rdclass, query.type)
        return Answer(int(refusal)) if refusal is not None else self._zones.resolve(query.name, query.type)

    def _read_edns(self, message: dns.message.Message, host: str, *, is_tcp: bool) -> Edns:
        if message.opt is None:
            return NO_EDNS_TCP if is_tcp else NO_EDNS
        opt = b"\0" + _opt_wire(message.opt)
        return self._edns.read_tcp(opt, host) if is_tcp else self._edns.read_udp(opt, host)


def _parse(wire: bytes) -> dns.message.Message:
    try:
        return dns.message.from_wire(wire, keyring=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise Malformed from error


def _query_of(wire: bytes, message: dns.message.Message) -> Query | None:
    if not message.question:
        return None
    if len(message.question) > 1:
        raise Malformed
    name, end = parse_question_name(wire)
    question = message.question[0]
    return Query(wire, int(message.flags), name, int(question.rdtype), int(question.rdclass), end + 4, None)


def _opt_wire(opt: dns.rrset.RRset) -> bytes:
    """The record after its name."""
    rdata = opt[0].to_wire() or b""
    head = int(dns.rdatatype.OPT).to_bytes(2) + int(opt[0].rdclass).to_bytes(2) + opt.ttl.to_bytes(4)
    return head + len(rdata).to_bytes(2) + rdata


def _render(message: dns.message.Message, answer: Answer, edns: Edns, limit: int) -> bytes:
    for additional in (answer.additional, ()):
        wire = _write(message, Answer(answer.rcode, answer.zone, answer.answer, answer.authority, additional), edns)
        if len(wire) <= limit:
            return wire
    return _write(message, Answer(answer.rcode, answer.zone), edns, truncated=True)


def _write(message: dns.message.Message, answer: Answer, edns: Edns, *, truncated: bool = False) -> bytes:
    response = dns.message.QueryMessage(id=message.id)
    response.flags = dns.flags.QR | (message.flags & (dns.flags.RD | dns.flags.CD)) | (answer.rcode & 0xF)
    if answer.zone is not None:
        response.flags |= dns.flags.AA
    if truncated:
        response.flags |= dns.flags.TC
    response.question = message.question
    response.answer = [_rrset(rrset) for rrset in answer.answer]
    response.authority = [_rrset(rrset) for rrset in answer.authority]
    response.additional = [_rrset(rrset) for rrset in answer.additional]
    wire = response.to_wire(max_size=LARGEST)
    if not edns.opt:
        return wire
    additionals = int.from_bytes(wire[HEADER_BYTES - 2 : HEADER_BYTES]) + 1
    opt = with_rcode(edns.opt, answer.rcode)
    return wire[: HEADER_BYTES - 2] + additionals.to_bytes(2) + wire[HEADER_BYTES:] + opt


def _rrset(rrset: RRset) -> dns.rrset.RRset:
    name = dns.name.from_wire(rrset.owner, 0)[0]
    type_ = dns.rdatatype.RdataType.make(rrset.type)
    rdatas = [dns.rdata.from_wire(dns.rdataclass.IN, type_, rdata, 0, len(rdata)) for rdata in rrset.rdatas]
    return dns.rrset.from_rdata_list(name, rrset.ttl_seconds, rdatas)
