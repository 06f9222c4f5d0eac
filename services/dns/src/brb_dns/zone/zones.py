"""All zones of a server and the explicit records in them: the question is answered here, whatever brought it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import structlog
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.errors import InvalidRecord
from brb_dns.zone.names import parent_of, parse_name
from brb_dns.zone.records import Change, RecordKey, RecordSet, Snapshot
from brb_dns.zone.rrsets import RRset, render_record_set
from brb_dns.zone.zone import Node, Zone

log = structlog.get_logger()

_A, _AAAA, _CNAME, _ANY = int(RdataType.A), int(RdataType.AAAA), int(RdataType.CNAME), int(RdataType.ANY)
_TARGET_AT = {int(RdataType.NS): 0, int(RdataType.MX): 2, int(RdataType.SRV): 6}
"""Where in the rdata the host's name begins."""
_CHAIN = 8
"""CNAMEs followed in one answer; a longer chain or a loop is left to the resolver."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`zone` None: none of ours, REFUSED."""

    rcode: int
    zone: Zone | None = None
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    additional: tuple[RRset, ...] = ()


REFUSED = Answer(int(Rcode.REFUSED))


class Zones:
    def __init__(self, configs: Iterable[ZoneConfig], snapshot: Snapshot) -> None:
        self.revision = snapshot.revision
        self.serial = snapshot.serial
        self._records: dict[RecordKey, RecordSet] = {}
        self._zones = {zone.origin: zone for zone in (Zone(config, self.serial) for config in configs)}
        self.load(snapshot.records)

    def __iter__(self) -> Iterator[Zone]:
        """The longest names first: a zone inside another one comes before it."""
        return iter(sorted(self._zones.values(), key=lambda zone: -len(zone.origin)))

    def load(self, records: Iterable[RecordSet]) -> None:
        """Add records of the same revision: a large snapshot is loaded in parts."""
        for record in records:
            self._records[record.key] = record
            self._put(record)

    def snapshot(self) -> Snapshot:
        return Snapshot(revision=self.revision, serial=self.serial, records=tuple(self._records.values()))

    def apply(self, change: Change) -> None:
        for key in change.deletes:
            self._discard(RecordKey(*key))
        for record in change.upserts:
            self._discard(record.key)
        self.load(change.upserts)
        self.revision, self.serial = change.revision, change.serial
        for zone in self._zones.values():
            zone.renumber(change.serial)

    def find_zone(self, name: bytes) -> Zone | None:
        """The zone with the longest name that `name` (wire form, lower case) lies in."""
        while name not in self._zones:
            if name == b"\0":
                return None
            name = parent_of(name)
        return self._zones[name]

    def resolve(self, name: bytes, type_: int) -> Answer:
        """The authoritative answer, CNAMEs followed as far as our zones go (the last name's rcode: RFC 6604)."""
        zone = self.find_zone(name)
        if zone is None:
            return REFUSED
        chain: list[RRset] = []
        within: Zone | None = zone
        while within is not None and len(chain) < _CHAIN:
            node = within.find_node(name)
            found = node and _choose(node, type_)
            if not found:
                rcode = Rcode.NXDOMAIN if node is None else Rcode.NOERROR
                return Answer(int(rcode), zone, tuple(chain), (within.soa,))
            chain.append(found)
            if found.type != _CNAME or type_ in (_CNAME, _ANY):
                return Answer(0, zone, tuple(chain), (), self._additional(found))
            name = found.rdatas[0].lower()
            within = self.find_zone(name) if all(name != rrset.owner for rrset in chain) else None
        return Answer(0, zone, tuple(chain))

    def _additional(self, rrset: RRset) -> tuple[RRset, ...]:
        """Addresses of the hosts that NS and MX name, where they are ours."""
        skip = _TARGET_AT.get(rrset.type)
        if skip is None:
            return ()
        found: list[RRset] = []
        for rdata in rrset.rdatas:
            target = rdata[skip:].lower()
            zone = self.find_zone(target)
            node = zone.find_node(target) if zone else None
            found += [rrset for rrset in (node or {}).values() if rrset.type in (_A, _AAAA)]
        return tuple(found)

    def _put(self, record: RecordSet) -> None:
        """A record that cannot be served is left out: it must not keep the others from being answered."""
        try:
            rrset = render_record_set(record)
        except InvalidRecord as error:
            log.error("Left out a record", name=record.name, type=record.type, error=str(error))
            return
        zone = self.find_zone(rrset.owner)
        if zone is not None and (rrset.type != _CNAME or rrset.owner != zone.origin):  # it would hide SOA and NS
            zone.put(rrset)

    def _discard(self, key: RecordKey) -> None:
        record = self._records.pop(key, None)
        name = parse_name(key.name)
        zone = self.find_zone(name)
        if record is not None and zone is not None:
            zone.discard(name, int(RdataType.make(key.type)))


def _choose(node: Node, type_: int) -> RRset | None:
    """ANY gets one RRset. Source: RFC 8482, 4.1."""
    if type_ == _ANY:
        return next(iter(node.values()), None)
    return node.get(type_) or node.get(_CNAME)
