"""Asks the zone's servers over the network, each by itself, as the authority will: a row in the database is none."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass

import dns.asyncquery
import dns.exception
import dns.flags
import dns.inet
import dns.message
import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.CAA
import dns.rdtypes.ANY.TXT
import structlog
from dns.rrset import RRset

from brb_dns.certificates.errors import zone_unavailable

log = structlog.get_logger()

_TIMEOUT_SECONDS = 2.0


@dataclass(frozen=True)
class Server:
    """`host`: an IP address, or a name that this host can look up."""

    host: str
    port: int = 53

    @classmethod
    def parse(cls, text: str) -> "Server":
        """`host`, `host:port`, `[IPv6 address]:port` or a bare IPv6 address."""
        host, _, port = text.rpartition(":")
        has_port = bool(host) and (":" not in host or host.endswith("]"))
        return cls(host.strip("[]"), int(port)) if has_port else cls(text.strip("[]"))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class AnsweringServers:
    """Implements `ports.Answering`. `resolver` finds CAA records above the zone; None: those are not read."""

    def __init__(self, zone: str, servers: Sequence[Server], resolver: Server | None = None) -> None:
        self._zone = dns.name.from_text(zone)
        self._servers = tuple(servers)
        self._resolver = resolver

    async def missing(self, name: str, values: frozenset[str]) -> tuple[str, ...]:
        shown = await asyncio.gather(*(self._texts(server, name) for server in self._servers))
        return tuple(str(server) for server, texts in zip(self._servers, shown, strict=True) if not values <= texts)

    async def caa(self, name: str) -> tuple[tuple[str, str], ...]:
        """Raises ZoneUnavailable when no server of the zone answers."""
        at = dns.name.from_text(name)
        while at != dns.name.root:
            found = await self._caa_at(at)
            if found:
                return found
            at = at.parent()
        return ()

    async def _caa_at(self, at: dns.name.Name) -> tuple[tuple[str, str], ...]:
        answer: list[RRset] | None
        if at.is_subdomain(self._zone):
            answer = await self._ask_any(at)
        elif self._resolver is not None:
            answer = await _ask(self._resolver, at, dns.rdatatype.CAA, recursion=True)
        else:
            return ()
        records = [record for rrset in answer or () for record in rrset if isinstance(record, _Caa)]
        return tuple((record.tag.decode().lower(), record.value.decode()) for record in records)

    async def _ask_any(self, at: dns.name.Name) -> list[RRset]:
        for server in self._servers:
            answer = await _ask(server, at, dns.rdatatype.CAA)
            if answer is not None:
                return answer
        raise zone_unavailable(", ".join(map(str, self._servers)))

    async def _texts(self, server: Server, name: str) -> frozenset[str]:
        answer = await _ask(server, dns.name.from_text(name), dns.rdatatype.TXT)
        records = [record for rrset in answer or () for record in rrset if isinstance(record, _Txt)]
        return frozenset(b"".join(record.strings).decode() for record in records)


_Caa = dns.rdtypes.ANY.CAA.CAA
_Txt = dns.rdtypes.ANY.TXT.TXT


async def _ask(
    server: Server, name: dns.name.Name, type_: dns.rdatatype.RdataType, *, recursion: bool = False
) -> list[RRset] | None:
    """The answer section; None: no answer. A cut UDP answer is asked for again by TCP."""
    query = dns.message.make_query(name, type_, use_edns=0)
    if not recursion:
        query.flags &= ~dns.flags.RD
    try:
        address = await _address_of(server)
        answer, _ = await dns.asyncquery.udp_with_fallback(query, address, _TIMEOUT_SECONDS, server.port)
    except (dns.exception.DNSException, OSError) as error:
        log.info("A server of the zone does not answer", server=str(server), error=type(error).__name__)
        return None
    return list(answer.answer)


async def _address_of(server: Server) -> str:
    """Raises OSError when the name is not known."""
    if dns.inet.is_address(server.host):
        return server.host
    found = await asyncio.get_running_loop().getaddrinfo(server.host, server.port, type=socket.SOCK_DGRAM)
    return str(found[0][4][0])
