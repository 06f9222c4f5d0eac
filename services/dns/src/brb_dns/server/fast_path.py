"""The common query in a few microseconds: `<anything>.<ip>.<zone>`, class IN, with or without EDNS, by UDP.

And the common flood: names made up of words, which do not exist. What is above a rate is dropped before it is written.

One function on purpose, with everything in local variables: a call costs as much as four of its lines. It answers
exactly as `Responder` does, which a property test holds it to, and leaves to it (None) whatever it does not know:
names with records of their own, other names without an address, types that are no data, faulty EDNS, too long answers.
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

_Slots = dict[bytes, int]
_Nodes = dict[bytes, dict[int, RRset]]
_Row = tuple[bytes, bytes, Zone, _Nodes, dict[bytes, int], list[bytes], list[bytes], bytes, _Slots, _Slots]
_A_IN = b"\0\1\0\1"
_OCTETS = {bytes([len(str(value))]) + str(value).encode(): value for value in range(256)}
"""Canonical decimals as labels in wire form."""
_DECIMALS = {str(value).encode(): value for value in range(256)}
_BADCOOKIE = int(Rcode.BADCOOKIE)
_ANSWER, _NODATA, _NXDOMAIN = int(AnswerClass.ANSWER), int(AnswerClass.NODATA), int(AnswerClass.NXDOMAIN)
_SLIP = Verdict.SLIP
_SLIP_HEAD, _BADCOOKIE_HEAD = 0, 4
_HEX_ADDRESS_BYTES = 8
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
        known = heads.get(query[2:12])
        if known is None:
            return None
        has_opt, head = known
        end = query.find(b"\0", 12) + 1
        name = query[12:end].lower()
        for row in zones:
            if name.endswith(row[0]):
                break
        else:
            return None
        origin, wildcard, zone, nodes, below, starts, ends, address_head, data_types, denied_types = row

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
        exists = True
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
                if label.isdigit() or len(label) == _HEX_ADDRESS_BYTES:
                    return None
                top = name[d:]
                if top in nodes or top in below or wildcard in nodes:
                    return None
                exists = False
        if exists:
            network = bisect_right(starts, address)
            if not network or address > ends[network - 1]:
                return None

        # the record
        asked = query[end : end + 4]
        if exists and asked == _A_IN:
            account = _ANSWER
            record = address_head + address
            counted = data_types[asked]
        else:
            account = _NODATA if exists else _NXDOMAIN
            found = data_types.get(asked) if exists else denied_types.get(asked)
            if found is None:
                return None
            counted = found
            record = zone.placed_soas.get(12 + stop) or zone.place_soa(12 + stop)

        # who asks, and what he takes
        if has_opt:
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
        size = end + 4 + len(record) + len(edns.opt)
        verified = edns.verified
        if size > edns.size or (size > amplification * len(query) and not verified):
            return None

        # whether it goes out
        slots[counted] += 1
        if verified:
            slots[cookies] += 1
        else:
            bucket = buckets.get(host) or open_bucket(host)
            if bucket[0] != clock[0]:
                credit(bucket)
            if bucket[account] > 0:
                bucket[account] -= 1
            elif overdraw(bucket, account) is not _SLIP:
                slots[dropped] += 1
                return b""
            else:
                slots[slipped] += 1
                if edns.has_cookie:
                    return query[:2] + head[_BADCOOKIE_HEAD] + query[12 : end + 4] + with_rcode(edns.opt, _BADCOOKIE)
                return query[:2] + head[_SLIP_HEAD] + query[12 : end + 4] + edns.opt
        return query[:2] + head[account] + query[12 : end + 4] + record + edns.opt

    return respond


def _heads() -> dict[bytes, tuple[bool, tuple[bytes, ...]]]:
    """From a query's header after the id to whether it has EDNS, and the headers of its replies.

    Those of an answer, of NODATA and of NXDOMAIN are at their places in `AnswerClass`; `reply_limited`'s two around.
    """
    heads: dict[bytes, tuple[bool, tuple[bytes, ...]]] = {}
    for flags in range(0, 0x200, 0x10):
        if flags & ~(RD | AD | CD):
            continue
        for additionals in (0, 1):
            echoed = flags & (RD | CD)
            word = QR | AA | echoed
            heads[struct.pack("!5H", flags, 1, 0, 0, additionals)] = (
                additionals == 1,
                (
                    struct.pack("!5H", QR | TC | echoed, 1, 0, 0, additionals),
                    struct.pack("!5H", word, 1, 1, 0, additionals),
                    struct.pack("!5H", word, 1, 0, 1, additionals),
                    struct.pack("!5H", word | Rcode.NXDOMAIN, 1, 0, 1, additionals),
                    struct.pack("!5H", QR | echoed | _BADCOOKIE & 0xF, 1, 0, 0, additionals),
                ),
            )
    return heads


def _row(zone: Zone, slot: int) -> _Row:
    """What is needed of a zone: the addresses' ranges, the A record's head, and where each type is counted: of names
    that exist, and of others.
    """
    data_types = {type_.to_bytes(2) + b"\0\1": type_ for type_ in map(RdataType.from_text, _DATA_TYPES)}
    return (
        zone.origin,
        b"\1*" + zone.origin,
        zone,
        zone.nodes,
        zone.below,
        zone.networks.starts[4],
        zone.networks.ends[4],
        b"\xc0\x0c" + struct.pack("!HHIH", RdataType.A, IN, zone.config.ttl_seconds, 4),
        {asked: query_slot(slot, type_, Rcode.NOERROR) for asked, type_ in data_types.items()},
        {asked: query_slot(slot, type_, Rcode.NXDOMAIN) for asked, type_ in data_types.items()},
    )
