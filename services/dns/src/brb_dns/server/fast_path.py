"""The common query in a few microseconds: `<anything>.<ip>.<zone>`, class IN, with or without EDNS, by UDP.

One function on purpose, with everything in local variables: a call costs as much as four of its lines. It answers
exactly as `Responder` does, which a property test holds it to, and leaves to it (None) whatever it does not know:
names with records of their own, names without an address, types that are no data, faulty EDNS, too long answers.
"""

import struct
from bisect import bisect_right
from collections.abc import Callable

from dns.rcode import Rcode
from dns.rdatatype import RdataType

from brb_dns.server.counters import Single, query_slot
from brb_dns.server.edns import NO_EDNS, with_rcode
from brb_dns.server.messages import AA, AD, CD, IN, QR, RD, TC, Malformed, is_opt
from brb_dns.server.rate_limit import AnswerClass, Verdict
from brb_dns.server.responder import Equipment
from brb_dns.zone.rrsets import RRset
from brb_dns.zone.zone import Zone

FastPath = Callable[[bytes, str], bytes | None]
"""(query, host) → reply; empty: send nothing; None: not for the fast path."""

_Row = tuple[bytes, Zone, dict[bytes, dict[int, RRset]], list[bytes], list[bytes], bytes, dict[bytes, int]]
_A_IN = b"\0\1\0\1"
_OCTETS = {bytes([len(str(value))]) + str(value).encode(): value for value in range(256)}
"""Canonical decimals as labels in wire form."""
_DECIMALS = {str(value).encode(): value for value in range(256)}
_BADCOOKIE = int(Rcode.BADCOOKIE)
_ANSWER, _NODATA, _SLIP = int(AnswerClass.ANSWER), int(AnswerClass.NODATA), Verdict.SLIP
_DATA_TYPES = ("A", "AAAA", "HTTPS", "TXT", "CAA", "CNAME", "SOA", "NS", "MX", "SRV", "PTR", "DS", "DNSKEY")


def build_fast_path(equipment: Equipment) -> FastPath:
    """For these zones; changes of their records are seen, another set of zones needs another fast path."""
    heads = _heads()
    zones = [_row(zone, equipment.slot_of(zone)) for zone in equipment.zones]
    octets = _OCTETS
    plain, personal, read_edns = equipment.edns.plain, equipment.edns.personal, equipment.edns.read_udp
    buckets, clock = equipment.limiter.hosts, equipment.limiter.now
    open_bucket, credit, overdraw = equipment.limiter.bucket, equipment.limiter.credit, equipment.limiter.overdraw
    slots = equipment.counters.slots
    amplification = equipment.amplification
    cookies, slipped, dropped = int(Single.COOKIES), int(Single.RATE_SLIPPED), int(Single.RATE_DROPPED)

    def respond(query: bytes, host: str) -> bytes | None:
        head = heads.get(query[2:12])
        if head is None:
            return None
        end = query.find(b"\0", 12) + 1
        name = query[12:end].lower()
        for row in zones:
            if name.endswith(row[0]):
                break
        else:
            return None
        origin, zone, nodes, starts, ends, address_head, data_types = row

        # where the last four labels before the zone begin
        stop = len(name) - len(origin)
        a = b = c = d = at = 0
        while at < stop:
            length = name[at]
            if length > 63:
                return None
            a, b, c, d = b, c, d, at
            at += length + 1
        if at != stop or end > 267 or name in nodes:
            return None
        try:
            address = bytes((octets[name[a:b]], octets[name[b:c]], octets[name[c:d]], octets[name[d:stop]]))
        except KeyError:
            label = name[d + 1 : stop]
            if b"--" in label or label.count(b"-") > 6:
                return None  # may be IPv6
            try:
                w, x, y, z = label.rsplit(b"-", 4)[-4:]
                address = bytes((_DECIMALS[w], _DECIMALS[x], _DECIMALS[y], _DECIMALS[z]))
            except (KeyError, ValueError):
                return None
        network = bisect_right(starts, address)
        if not network or address > ends[network - 1]:
            return None

        # the record
        asked = query[end : end + 4]
        if asked == _A_IN:
            account = _ANSWER
            record = address_head + address
            counted = data_types[asked]
        else:
            account = _NODATA
            found = data_types.get(asked)
            if found is None:
                return None
            counted = found
            record = (0xC00C + stop).to_bytes(2) + zone.soa_tail

        # who asks, and what he takes
        if head[0]:
            opt = query[end + 4 :]
            edns = plain.get(opt) or personal.get((opt, host))
            if edns is None:
                try:
                    edns = read_edns(opt, host) if is_opt(opt) else None
                except Malformed:
                    return None
                if edns is None:
                    return None
            if edns.version:
                return None
        elif len(query) == end + 4:
            edns = NO_EDNS
        else:
            return None
        reply = query[:2] + (head[1] if account == _ANSWER else head[2]) + query[12 : end + 4] + record + edns.opt
        size = len(reply)
        verified = edns.verified
        if size > edns.size or (size > amplification * len(query) and not verified):
            return None

        # whether it goes out
        slots[counted] += 1
        if verified:
            slots[cookies] += 1
            return reply
        bucket = buckets.get(host) or open_bucket(host)
        if bucket[0] != clock[0]:
            credit(bucket)
        if bucket[account] > 0:
            bucket[account] -= 1
            return reply
        if overdraw(bucket, account) is _SLIP:
            slots[slipped] += 1
            if edns.has_cookie:
                return query[:2] + head[4] + query[12 : end + 4] + with_rcode(edns.opt, _BADCOOKIE)
            return query[:2] + head[3] + query[12 : end + 4] + edns.opt
        slots[dropped] += 1
        return b""

    return respond


def _heads() -> dict[bytes, tuple[bool, bytes, bytes, bytes, bytes]]:
    """From a query's header after the id to (has EDNS, header of an answer, of NODATA, `reply_limited`'s two)."""
    heads = {}
    for flags in range(0, 0x200, 0x10):
        if flags & ~(RD | AD | CD):
            continue
        for additionals in (0, 1):
            echoed = flags & (RD | CD)
            word = QR | AA | echoed
            heads[struct.pack("!5H", flags, 1, 0, 0, additionals)] = (
                additionals == 1,
                struct.pack("!5H", word, 1, 1, 0, additionals),
                struct.pack("!5H", word, 1, 0, 1, additionals),
                struct.pack("!5H", QR | TC | echoed, 1, 0, 0, additionals),
                struct.pack("!5H", QR | echoed | _BADCOOKIE & 0xF, 1, 0, 0, additionals),
            )
    return heads


def _row(zone: Zone, slot: int) -> _Row:
    """What is needed of a zone: the addresses' ranges, the A record's head, and where each type is counted."""
    data_types = {RdataType.from_text(name).to_bytes(2) + b"\0\1": name for name in _DATA_TYPES}
    return (
        zone.origin,
        zone,
        zone.nodes,
        zone.networks.starts[4],
        zone.networks.ends[4],
        b"\xc0\x0c" + struct.pack("!HHIH", RdataType.A, IN, zone.config.ttl_seconds, 4),
        {asked: query_slot(slot, RdataType.from_text(name), Rcode.NOERROR) for asked, name in data_types.items()},
    )
