"""Which addresses the zone may answer with: the allowed networks less those that are never answered."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses
from typing import TypeVar

Network = IPv4Network | IPv6Network
_N = TypeVar("_N", IPv4Network, IPv6Network)

NEVER_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "127.0.0.0/8",  # loopback: a name that rebinds a browser to the user's own machine
        "169.254.0.0/16",  # link-local, and most clouds' metadata service
        "192.0.0.0/24",  # protocol assignments, and a cloud's metadata service
        "100.100.100.200/32",  # a cloud's metadata service
        "168.63.129.16/32",  # a cloud's metadata service
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
NEVER_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "::/8",  # unspecified, loopback, and forms that hold an IPv4 address
        "64:ff9b::/96",  # NAT64: holds an IPv4 address
        "64:ff9b:1::/48",  # NAT64, local use
        "100::/64",  # discard
        "2001::/32",  # Teredo: holds an IPv4 address
        "2002::/16",  # 6to4: holds an IPv4 address
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local, deprecated
        "fd00:ec2::254/128",  # a cloud's metadata service
        "fd20:ce::254/128",  # a cloud's metadata service
        "ff00::/8",  # multicast
    )
)
"""Source: IANA special-purpose address registries; the clouds' documentation of their metadata services."""


class AllowedNetworks:
    """Sorted ranges of packed addresses: as bytes they order as the addresses do."""

    def __init__(self, networks: Iterable[Network]) -> None:
        networks = list(networks)
        allowed_v4 = _without([n for n in networks if isinstance(n, IPv4Network)], NEVER_IPV4)
        allowed_v6 = _without([n for n in networks if isinstance(n, IPv6Network)], NEVER_IPV6)
        self._ipv4 = allowed_v4
        self.starts = {4: _firsts(allowed_v4), 16: _firsts(allowed_v6)}
        self.ends = {4: _lasts(allowed_v4), 16: _lasts(allowed_v6)}

    def allows(self, address: bytes) -> bool:
        """`address` packed: 4 or 16 bytes."""
        at = bisect_right(self.starts[len(address)], address)
        return at > 0 and address <= self.ends[len(address)][at - 1]

    def allows_ending(self, octets: bytes) -> bool:
        """True if some allowed IPv4 address ends in these one to three octets."""
        mask = (1 << 8 * len(octets)) - 1
        ending = int.from_bytes(octets)
        return any(_holds_ending(network, ending, mask) for network in self._ipv4)


def may_be_answered(address: bytes) -> bool:
    """False for what is never answered, whatever is allowed. `address` packed."""
    return _ANYWHERE.allows(address)


def _holds_ending(network: IPv4Network, ending: int, mask: int) -> bool:
    """The bits that network and ending both fix must agree."""
    fixed = int(network.netmask) & mask
    return int(network.network_address) & fixed == ending & fixed


def _without(allowed: Iterable[_N], never: Sequence[_N]) -> list[_N]:
    """Sorted, without overlaps, and cut where a network that is never answered lies in one."""
    left = list(allowed)
    for banned in never:
        left = [part for network in left for part in _cut(network, banned)]
    return sorted(collapse_addresses(left))


def _cut(network: _N, banned: _N) -> Iterable[_N]:
    if not network.overlaps(banned):
        return [network]
    if network.subnet_of(banned):
        return []
    return network.address_exclude(banned)


def _firsts(networks: Sequence[Network]) -> list[bytes]:
    return [network[0].packed for network in networks]


def _lasts(networks: Sequence[Network]) -> list[bytes]:
    return [network[-1].packed for network in networks]


_ANYWHERE = AllowedNetworks([IPv4Network("0.0.0.0/0"), IPv6Network("::/0")])
