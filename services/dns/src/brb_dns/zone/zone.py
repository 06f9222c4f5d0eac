"""One zone in memory: which names exist and what they own.

A name under an address (`*.10.0.0.1`, any depth) is not a wildcard in the sense of RFC 4592: the zone holds every one
of these names, as if each had been written down. So an explicit record at such a name adds to its address (an A record
replaces it), and `_acme-challenge.app.10.0.0.1` does not take the address from `app.10.0.0.1`, as the empty
non-terminal it makes of that name would under a wildcard. A CNAME stands alone, there as everywhere.

`10`, `0.10`, `0.0.10`, read from the right, are empty non-terminals if some allowed address ends so: NODATA.
Everything else that has no record at or below it does not exist: NXDOMAIN (RFC 8020: nor does anything below it).

Explicit wildcards (`*.team`) follow RFC 4592: they speak for names that do not exist and whose closest existing
ancestor is the wildcard's parent. Beside address names they are never asked: those all exist.
"""

from collections.abc import Mapping

from dns.rdatatype import RdataType

from brb_dns.zone.addresses import parse_addresses, parse_ending
from brb_dns.zone.apex import render_apex, render_soa, render_soa_at
from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.names import labels_of, parent_of, parse_name
from brb_dns.zone.networks import AllowedNetworks
from brb_dns.zone.rrsets import RRset

_A, _AAAA = int(RdataType.A), int(RdataType.AAAA)
_CNAME = int(RdataType.CNAME)
_WILDCARD = b"\1*"

Node = Mapping[int, RRset]
"""What a name owns, by type. Empty: an empty non-terminal."""


class Zone:
    """`nodes`: names with records of their own; `below`: how many of these lie below a name. Both are changed in place:
    what holds on to them sees every change.
    """

    def __init__(self, config: ZoneConfig, serial: int) -> None:
        self.config = config
        self.origin = parse_name(config.origin)
        self.networks = AllowedNetworks(config.networks)
        self.nodes: dict[bytes, dict[int, RRset]] = {}
        self.below: dict[bytes, int] = {}
        self._wildcards = 0
        self._configured = {(rrset.owner, rrset.type): rrset for rrset in render_apex(config)}
        for rrset in self._configured.values():
            self.put(rrset)
        self.renumber(serial)

    def renumber(self, serial: int) -> None:
        self.soa = render_soa(self.config, serial)
        self.placed_soas: dict[int, bytes] = {}
        self.put(self.soa)

    def place_soa(self, place: int) -> bytes:
        """The SOA record of a negative answer that has the zone's name at `place`; kept in `placed_soas`."""
        if place not in self.placed_soas:
            self.placed_soas[place] = render_soa_at(self.soa, place)
        return self.placed_soas[place]

    def put(self, rrset: RRset) -> None:
        """Add or replace an RRset. Its owner must lie in the zone."""
        if rrset.owner not in self.nodes:
            self._count_above(rrset.owner, 1)
        self.nodes.setdefault(rrset.owner, {})[rrset.type] = rrset

    def discard(self, owner: bytes, type_: int) -> None:
        """Take an explicit RRset away; what is configured in its place comes back."""
        configured = self._configured.get((owner, type_))
        if configured is not None:
            self.put(configured)
            return
        node = self.nodes.get(owner)
        if node is None or node.pop(type_, None) is None or node:
            return
        del self.nodes[owner]
        self._count_above(owner, -1)

    def find_node(self, name: bytes) -> Node | None:
        """What `name` (in the zone, lower case) owns; None if it does not exist."""
        explicit = self.nodes.get(name)
        if explicit is not None and _CNAME in explicit:
            return explicit
        labels = self._relative(name)
        address = self._allowed_address(labels)
        if address is not None:
            type_ = _A if len(address) == 4 else _AAAA
            return {type_: RRset(name, type_, self.config.ttl_seconds, (address,)), **(explicit or {})}
        if explicit is not None:
            return explicit
        if name in self.below or self._is_ending(labels):
            return {}
        return self._find_wildcard(name) if self._wildcards else None

    def address_of(self, name: bytes) -> bytes | None:
        """The allowed address that `name` stands at or below, packed (4 or 16 bytes)."""
        return self._allowed_address(self._relative(name))

    def _allowed_address(self, labels: tuple[bytes, ...]) -> bytes | None:
        return next(filter(self.networks.allows, parse_addresses(labels)), None)

    def _is_ending(self, labels: tuple[bytes, ...]) -> bool:
        ending = parse_ending(labels)
        return ending is not None and self.networks.allows_ending(ending)

    def _find_wildcard(self, name: bytes) -> Node | None:
        """What the source of synthesis gives to a name that does not exist. Source: RFC 4592, 3.3.1."""
        encloser = parent_of(name)
        while not self._exists(encloser):
            encloser = parent_of(encloser)
        node = self.nodes.get(_WILDCARD + encloser)
        if node is None:
            return None
        return {t: RRset(name, t, rrset.ttl_seconds, rrset.rdatas) for t, rrset in node.items()}

    def _exists(self, name: bytes) -> bool:
        return name in self.nodes or name in self.below or self._is_ending(self._relative(name))

    def _relative(self, name: bytes) -> tuple[bytes, ...]:
        return labels_of(name[: len(name) - len(self.origin)] + b"\0")

    def _count_above(self, owner: bytes, step: int) -> None:
        """One node more or less below each ancestor."""
        if owner.startswith(_WILDCARD):
            self._wildcards += step
        while owner != self.origin:
            owner = parent_of(owner)
            count = self.below.pop(owner, 0) + step
            if count:
                self.below[owner] = count
