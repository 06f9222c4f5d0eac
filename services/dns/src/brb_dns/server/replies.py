"""What the server decides about a query before anything is looked up in a zone; and the reply it sends."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from dns.opcode import Opcode
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from brb_dns.server.edns import NO_EDNS, Edns, with_rcode
from brb_dns.server.messages import IN, TC, Query, render_bare, render_empty
from brb_dns.server.rate_limit import AnswerClass
from brb_dns.zone.zone import Zone

_TRANSFERS = frozenset({RdataType.AXFR, RdataType.IXFR})
_NO_QUESTIONS = frozenset({RdataType.OPT, RdataType.TSIG})
_OBSOLETE = frozenset({RdataType.MAILA, RdataType.MAILB})


@dataclass(frozen=True, slots=True)
class Signed:
    """A message with a TSIG, to be handed on as it came: who holds the keys checks it."""

    wire: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """`zone`, `type`, `rcode`: what is counted. `query` None: it could not be read.

    `render` is called when the reply goes out: what is above a rate is never written.
    """

    render: Callable[[], bytes]
    rcode: int
    edns: Edns = NO_EDNS
    query: Query | None = None
    zone: Zone | None = None
    has_records: bool = False

    @property
    def answer_class(self) -> AnswerClass:
        if self.rcode == Rcode.NXDOMAIN:
            return AnswerClass.NXDOMAIN
        if self.rcode != Rcode.NOERROR:
            return AnswerClass.ERROR
        return AnswerClass.ANSWER if self.has_records else AnswerClass.NODATA


def refusal_of(rdclass: int, type_: int) -> Rcode | None:
    """The rcode for questions that no zone answers. CHAOS is one: what runs here is nobody's business."""
    if type_ in _NO_QUESTIONS:
        return Rcode.FORMERR
    if rdclass != IN or type_ in _TRANSFERS or type_ == RdataType.TKEY:
        return Rcode.REFUSED
    if type_ in _OBSOLETE:
        return Rcode.NOTIMP
    return None


def refusal_of_opcode(opcode: int) -> Rcode | None:
    """Updates and notifies without a signature are refused; other opcodes are not spoken."""
    if opcode == Opcode.QUERY:
        return None
    return Rcode.REFUSED if opcode in (Opcode.UPDATE, Opcode.NOTIFY) else Rcode.NOTIMP


def reply_empty(query: Query, rcode: int, edns: Edns) -> Reply:
    opt = with_rcode(edns.opt, rcode) if edns.opt else b""
    return Reply(partial(render_empty, query, rcode, opt), rcode, edns, query)


def reply_bare(wire: bytes, rcode: int) -> Reply:
    return Reply(partial(render_bare, wire, rcode), rcode)


def reply_limited(reply: Reply) -> bytes:
    """Instead of an answer above the rate: come again by TCP, or with the cookie in here (BADCOOKIE, as BIND does)."""
    query, edns = reply.query, reply.edns
    if query is None:
        return reply.render()
    if edns.has_cookie:
        return render_empty(query, Rcode.BADCOOKIE, with_rcode(edns.opt, Rcode.BADCOOKIE))
    return render_empty(query, Rcode.NOERROR, edns.opt, TC)
