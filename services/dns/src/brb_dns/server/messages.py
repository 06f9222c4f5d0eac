"""DNS messages read and written by hand: what every ordinary query needs, and nothing else.

What this module does not read (`Unusual`) is left to `slow_path`, which is dnspython.
"""

import struct
from dataclasses import dataclass

from dns.rdatatype import RdataType

HEADER_BYTES = 12
IN = 1
QR, AA, TC, RD, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0020, 0x0010
_OPT = int(RdataType.OPT)
_LONGEST_NAME, _LONGEST_LABEL = 255, 63
_HEADER = struct.Struct("!6H")
_TYPE_AND_CLASS = struct.Struct("!2H")
_ECHOED = RD | CD
"""Source: RFC 1035, 4.1.1 and RFC 4035, 3.1.6: copied from the query to the answer."""


class Malformed(Exception):
    """To be answered with FORMERR."""


class Unusual(Exception):
    """Well-formed as far as was looked, but not for this module."""


@dataclass(frozen=True, slots=True)
class Query:
    """`name` in lower case; `end`: where the question ends; `opt`: all of the OPT record, None without EDNS."""

    wire: bytes
    flags: int
    name: bytes
    type: int
    rdclass: int
    end: int
    opt: bytes | None

    @property
    def question(self) -> bytes:
        """As asked: the case of its letters is the resolver's check against forgery."""
        return self.wire[HEADER_BYTES : self.end]


def is_query(wire: bytes) -> bool:
    """What is shorter than a header, or is itself an answer, is never answered."""
    return len(wire) >= HEADER_BYTES and not wire[2] & 0x80


def opcode_of(wire: bytes) -> int:
    return wire[2] >> 3 & 0xF


def parse_query(wire: bytes) -> Query:
    """Raises Malformed or Unusual. Only for opcode QUERY."""
    _, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(wire)
    if questions > 1:
        raise Malformed  # RFC 9619
    if not questions or answers or authorities or additionals > 1:
        raise Unusual
    name, end = parse_question_name(wire)
    if len(wire) < end + 4:
        raise Malformed
    type_, rdclass = _TYPE_AND_CLASS.unpack_from(wire, end)
    opt = wire[end + 4 :]
    if not additionals:
        if opt:
            raise Malformed
        return Query(wire, flags, name, type_, rdclass, end + 4, None)
    if not is_opt(opt):
        raise Unusual
    return Query(wire, flags, name, type_, rdclass, end + 4, opt)


def parse_question_name(wire: bytes) -> tuple[bytes, int]:
    """The first name, in lower case, and where it ends. A compressed one is malformed: it has nothing to point at."""
    at = HEADER_BYTES
    size = len(wire)
    while at < size and (length := wire[at]):
        if length > _LONGEST_LABEL:
            raise Malformed
        at += 1 + length
    if at >= size or at + 1 - HEADER_BYTES > _LONGEST_NAME:
        raise Malformed
    return wire[HEADER_BYTES : at + 1].lower(), at + 1


def is_opt(record: bytes) -> bool:
    """One whole OPT record with the root's name, and nothing after it."""
    if len(record) < 11 or record[0] or int.from_bytes(record[1:3]) != _OPT:
        return False
    return len(record) == 11 + int.from_bytes(record[9:11])


def render_header(
    wire: bytes, flags: int, rcode: int, *, questions: int = 0, answers: int = 0, authorities: int = 0, opts: int = 0
) -> bytes:
    """The answer's header for the query `wire`; `flags`: what to set besides QR and what is echoed."""
    asked = int.from_bytes(wire[2:4])
    word = QR | flags | (asked & (_ECHOED | 0x7800)) | (rcode & 0xF)
    return wire[:2] + struct.pack("!5H", word, questions, answers, authorities, opts)


def render_bare(wire: bytes, rcode: int) -> bytes:
    """A header and nothing more: for queries that could not be read, or whose sections are not ours to repeat."""
    return render_header(wire, 0, rcode)


def render_empty(query: Query, rcode: int, opt: bytes, flags: int = 0) -> bytes:
    """The question and no record."""
    return render_header(query.wire, flags, rcode, questions=1, opts=1 if opt else 0) + query.question + opt
