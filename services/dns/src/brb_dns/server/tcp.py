"""Queries by TCP: many on one connection, answered as they come. Source: RFC 7766, RFC 9210.

Limits: connections in all and of one client, time without a query, length of a message, and answers that the client
does not take: reading stops until it does, and the idle time ends it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from dns.rcode import Rcode

from brb_dns.server.counters import Counters, Single
from brb_dns.server.messages import render_bare
from brb_dns.server.replies import Signed
from brb_dns.server.responder import Responder

log = structlog.get_logger()

_BUFFER_BYTES = 16384
"""Read at once: some 300 queries, so that one client does not hold up the others."""

_WRITE_BYTES = 65536
"""Written at once: asyncio's own mark above which the client has to take answers first."""

HandOn = Callable[[Signed, "TcpConnection"], None]


@dataclass
class TcpClients:
    """A worker's connections, and what they share. `responder` changes when the zones do."""

    counters: Counters
    hand_on: HandOn
    idle_seconds: float
    most: int
    most_per_client: int
    longest_message: int
    responder: Responder | None = None
    connections: set["TcpConnection"] = field(default_factory=set)
    by_host: Counter[str] = field(default_factory=Counter)
    all_gone: asyncio.Event = field(default_factory=asyncio.Event)

    def has_room(self, host: str) -> bool:
        return len(self.connections) < self.most and self.by_host[host] < self.most_per_client

    def add(self, connection: "TcpConnection") -> None:
        self.connections.add(connection)
        self.by_host[connection.peer[0]] += 1
        self._count()

    def remove(self, connection: "TcpConnection") -> None:
        if connection in self.connections:
            self.connections.remove(connection)
            self.by_host[connection.peer[0]] -= 1
            if not self.by_host[connection.peer[0]]:
                del self.by_host[connection.peer[0]]
            self._count()
            if not self.connections:
                self.all_gone.set()

    async def finish(self) -> None:
        """Until every connection is answered and closed."""
        self.all_gone.clear()
        for connection in list(self.connections):
            connection.finish()
        if self.connections:
            await self.all_gone.wait()

    def _count(self) -> None:
        self.counters.slots[Single.TCP_CONNECTIONS] = len(self.connections)


class TcpConnection(asyncio.BufferedProtocol):
    """`peer`: host and port."""

    def __init__(self, clients: TcpClients) -> None:
        self._clients = clients
        self._buffer = bytearray(_BUFFER_BYTES)
        self._unread = bytearray()
        self._awaited = 0
        self._is_last = False
        self._is_paused = False
        self._transport: asyncio.Transport
        self._timer: asyncio.TimerHandle | None = None
        self.peer = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.peer = transport.get_extra_info("peername")[:2]
        if not self._clients.has_room(self.peer[0]):
            self._clients.counters.slots[Single.TCP_REFUSED] += 1
            transport.abort()
            return
        self._clients.add(self)
        self._rest()

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._unread += self._buffer[:nbytes]
        is_query = self._take_messages()
        if is_query:
            self._rest()

    def eof_received(self) -> bool:
        """The client has said all: what he still awaits goes out first."""
        self.finish()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._clients.remove(self)

    def pause_writing(self) -> None:
        """The client does not take its answers: nothing more is read, or answered, until it does."""
        self._is_paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._is_paused = False
        self._rest()
        self._take_messages()
        if not self._is_paused:
            self._transport.resume_reading()
            if self._is_last:
                self.finish()

    def finish(self) -> None:
        """Close once everything asked is answered."""
        self._is_last = True
        if not self._awaited and not self._is_paused:
            self._transport.close()

    def await_answer(self) -> Callable[[list[bytes]], None]:
        """For a message that somebody else answers: call the result with what is to be sent."""
        self._awaited += 1
        return self._on_awaited

    def send(self, messages: list[bytes]) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"".join(len(message).to_bytes(2) + message for message in messages))

    def _on_awaited(self, messages: list[bytes]) -> None:
        self._awaited -= 1
        self.send(messages)
        if self._is_last:
            self.finish()

    def _take_messages(self) -> bool:
        """Answer what has come whole, until the client must take answers first. True if there was one."""
        replies: list[bytes] = []
        at = size = 0
        while not self._is_paused and len(self._unread) >= at + 2:
            length = int.from_bytes(self._unread[at : at + 2])
            if length > self._clients.longest_message:
                self._transport.abort()
                return False
            if len(self._unread) < at + 2 + length:
                break
            if reply := self._answer(bytes(self._unread[at + 2 : at + 2 + length])):
                replies.append(reply)
                size += len(reply)
            at += 2 + length
            if size > _WRITE_BYTES:
                self.send(replies)
                replies, size = [], 0
        del self._unread[:at]
        self.send(replies)
        return at > 0

    def _answer(self, wire: bytes) -> bytes | None:
        assert self._clients.responder is not None
        try:
            reply = self._clients.responder.respond(wire, self.peer[0], is_tcp=True)
        except Exception:  # must not take the connection's other queries with it
            self._clients.counters.slots[Single.FAILED] += 1
            log.exception("Failed on a query", query=wire.hex())
            return render_bare(wire, Rcode.SERVFAIL)
        if isinstance(reply, Signed):
            self._clients.hand_on(reply, self)
            return None
        return reply

    def _rest(self) -> None:
        """The idle time begins anew."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._clients.idle_seconds, self._transport.abort)
