"""One query in, one reply out: the order of decisions for everything that the fast path leaves.

messages.py     read the query by hand          unusual → slow_path.py (dnspython); signed → the supervisor
replies.py      what is refused unseen
zone/zones.py   the answer
rate_limit.py   whether it goes out, and counters.py
rendering.py    the reply by hand, with the limits of size for who has not shown who he is
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from dns.opcode import Opcode
from dns.rcode import Rcode

from brb_dns.server.counters import NO_ZONE, Counters, Single
from brb_dns.server.edns import NO_EDNS, NO_EDNS_TCP, Edns, EdnsReader
from brb_dns.server.messages import Malformed, Query, Unusual, is_query, opcode_of, parse_query
from brb_dns.server.rate_limit import RateLimiter, Verdict
from brb_dns.server.rendering import render_answer
from brb_dns.server.replies import (
    Reply,
    Signed,
    refusal_of,
    refusal_of_opcode,
    reply_bare,
    reply_empty,
    reply_limited,
)
from brb_dns.server.slow_path import SlowPath
from brb_dns.zone.zone import Zone
from brb_dns.zone.zones import Zones


@dataclass(frozen=True)
class Equipment:
    """What all ways to an answer share. `zone_slots`: a zone's place in the counters, by its origin.

    `amplification`: an answer by UDP to who showed no cookie is at most this many times as long as the query.
    `slow_per_second`: messages that dnspython reads; others are dropped.
    """

    zones: Zones
    zone_slots: Mapping[bytes, int]
    edns: EdnsReader
    limiter: RateLimiter
    counters: Counters
    amplification: int
    slow_per_second: int

    def slot_of(self, zone: Zone | None) -> int:
        return NO_ZONE if zone is None else self.zone_slots.get(zone.origin, NO_ZONE)


class Responder:
    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment
        self._slots = equipment.counters.slots
        self._slow_path = SlowPath(equipment.zones, equipment.edns, equipment.amplification)
        self._slow_left = equipment.slow_per_second

    def tick(self) -> None:
        """A second has passed."""
        self._slow_left = self._equipment.slow_per_second

    def respond(self, wire: bytes, host: str, *, is_tcp: bool) -> bytes | Signed | None:
        """None: no answer."""
        if not is_query(wire):
            self._slots[Single.DROPPED] += 1
            return None
        try:
            reply = self._decide(wire, host, is_tcp=is_tcp)
        except Malformed:
            reply = reply_bare(wire, Rcode.FORMERR)
        if isinstance(reply, Reply):
            return self._send(reply, host, is_tcp=is_tcp)
        return reply

    def _decide(self, wire: bytes, host: str, *, is_tcp: bool) -> Reply | Signed | None:
        opcode = opcode_of(wire)
        if opcode in (Opcode.UPDATE, Opcode.NOTIFY):
            return self._decide_slowly(wire, host, is_tcp=is_tcp)
        refusal = refusal_of_opcode(opcode)
        if refusal is not None:
            return reply_bare(wire, refusal)
        try:
            query = parse_query(wire)
        except Unusual:
            return self._decide_slowly(wire, host, is_tcp=is_tcp)
        return self._answer(query, self._read_edns(query, host, is_tcp=is_tcp))

    def _decide_slowly(self, wire: bytes, host: str, *, is_tcp: bool) -> Reply | Signed | None:
        if self._slow_left <= 0:
            self._slots[Single.SLOW_DROPPED] += 1
            return None
        self._slow_left -= 1
        self._slots[Single.SLOW] += 1
        return self._slow_path.respond(wire, host, is_tcp=is_tcp)

    def _answer(self, query: Query, edns: Edns) -> Reply:
        if edns.version:
            return reply_empty(query, Rcode.BADVERS, edns)
        refusal = refusal_of(query.rdclass, query.type)
        if refusal is not None:
            return reply_empty(query, refusal, edns)
        answer = self._equipment.zones.resolve(query.name, query.type)
        limit = edns.size if edns.verified else min(edns.size, self._equipment.amplification * len(query.wire))
        render = partial(render_answer, query, answer, edns, limit)
        return Reply(render, answer.rcode, edns, query, answer.zone, bool(answer.answer))

    def _read_edns(self, query: Query, host: str, *, is_tcp: bool) -> Edns:
        if query.opt is None:
            return NO_EDNS_TCP if is_tcp else NO_EDNS
        reader = self._equipment.edns
        return reader.read_tcp(query.opt, host) if is_tcp else reader.read_udp(query.opt, host)

    def _send(self, reply: Reply, host: str, *, is_tcp: bool) -> bytes | None:
        type_ = reply.query.type if reply.query else 0
        self._equipment.counters.query(self._equipment.slot_of(reply.zone), type_, reply.rcode, is_tcp=is_tcp)
        if is_tcp or reply.edns.verified:
            self._slots[Single.COOKIES] += not is_tcp
            return reply.render()
        match self._equipment.limiter.judge(host, reply.answer_class):
            case Verdict.PASS:
                return reply.render()
            case Verdict.SLIP:
                self._slots[Single.RATE_SLIPPED] += 1
                return reply_limited(reply)
            case Verdict.DROP:
                self._slots[Single.RATE_DROPPED] += 1
                return None
