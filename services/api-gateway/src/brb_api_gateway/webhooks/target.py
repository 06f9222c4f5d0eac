"""Where a webhook may lead: resolved once, internal addresses refused, and the connection made to the address checked.

Server-side request forgery is what this is about: without it a webhook would reach the platform's own network, the
cloud's metadata service, or the loopback interface.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_RESOLVE_SECONDS = 5.0


class TargetRefused(Exception):
    """The URL may not be called; a sentence why."""


@dataclass(frozen=True)
class Target:
    """The URL with its host name replaced by the address that was checked; the name goes into Host and TLS."""

    url: str
    host_header: str
    server_name: str


class TargetPolicy:
    def __init__(self, allowed_networks: Sequence[str]) -> None:
        self._allowed: list[Network] = [ipaddress.ip_network(network) for network in allowed_networks]

    async def resolve(self, url: str) -> Target:
        """Raises TargetRefused. Every address of the name must be allowed, so that chance does not decide."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TargetRefused("only http and https URLs can be called")
        if parts.username or parts.password:
            raise TargetRefused("a URL with a user or password in it is refused")
        addresses = await _resolve(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
        for address in addresses:
            self._require_allowed(parts.hostname, address)
        return _pinned(parts, addresses[0])

    def _require_allowed(self, host: str, address: Address) -> None:
        plain = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        checked = plain or address
        allowed = any(checked in network for network in self._allowed if network.version == checked.version)
        if not allowed and (not checked.is_global or checked.is_multicast):
            raise TargetRefused(f"{host} leads to the internal address {checked}, which is refused")


async def _resolve(host: str, port: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_RESOLVE_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetRefused(f"the name {host} does not resolve") from error
    return [ipaddress.ip_address(entry[4][0]) for entry in found]


def _pinned(parts: SplitResult, address: Address) -> Target:
    host = f"[{address}]" if address.version == 6 else str(address)
    netloc = f"{host}:{parts.port}" if parts.port else host
    host_header = parts.netloc
    return Target(parts._replace(netloc=netloc, fragment="").geturl(), host_header, parts.hostname or "")
