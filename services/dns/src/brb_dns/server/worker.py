"""A worker process: sockets, the ways to an answer, and the channel to the supervisor. It touches nothing else.

It begins with what the supervisor had in memory when it forked, takes changes from the channel between two batches of
queries, and ends when it is told to, or when the supervisor is gone.
"""

import asyncio
import gc
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from socket import socket

import structlog

from brb_dns.server.channel import RECORDS_PART, Channel, Frame, Load, unpack_reply
from brb_dns.server.cookies import Cookies
from brb_dns.server.counters import Counters, Single
from brb_dns.server.edns import EdnsReader
from brb_dns.server.fast_path import build_fast_path
from brb_dns.server.rate_limit import AnswerClass, RateLimiter, Verdict
from brb_dns.server.replies import Signed
from brb_dns.server.responder import Equipment, Responder
from brb_dns.server.settings import ServerSettings
from brb_dns.server.signed import SignedMessages, refuse_signed
from brb_dns.server.sockets import Listeners
from brb_dns.server.tcp import TcpClients, TcpConnection
from brb_dns.server.udp import Peer, UdpListener
from brb_dns.zone.names import parse_name
from brb_dns.zone.records import Change, Snapshot
from brb_dns.zone.zones import Zones

log = structlog.get_logger()

_TICK_SECONDS = 0.25


@dataclass(frozen=True)
class Start:
    """What a worker begins with. `slots`: the zones' places in the counters, by origin."""

    settings: ServerSettings
    zones: Zones
    slots: Mapping[str, int]
    cookie_secrets: tuple[bytes, ...]
    counters: Counters
    listeners: Listeners
    channel: socket
    takes_signed: bool


class Worker:
    def __init__(self, start: Start) -> None:
        self._start = start
        self._settings = start.settings
        self._slots = start.counters.slots
        self._edns = EdnsReader(Cookies(start.cookie_secrets), self._settings.nsid, self._settings.tcp_idle_seconds)
        self._limiter = RateLimiter(self._settings.limits)
        self._udp = [UdpListener(sock, start.counters, self._hand_on_udp) for sock in start.listeners.udp]
        self._clients = TcpClients(
            counters=start.counters,
            hand_on=self._hand_on_tcp,
            idle_seconds=self._settings.tcp_idle_seconds,
            most=self._settings.tcp_connections,
            most_per_client=self._settings.tcp_connections_per_client,
            longest_message=self._settings.tcp_message_bytes,
        )
        self._channel: Channel
        self._signed: SignedMessages
        self._zones: Zones
        self._next: tuple[Zones, Mapping[str, int]] | None = None
        self._responder: Responder

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self._channel = await Channel.open(self._start.channel)
        self._signed = SignedMessages(
            self._channel, self._settings.signed_in_flight, self._settings.signed_timeout_seconds
        )
        self._answer_from(self._start.zones, self._start.slots)
        self._tick()
        for listener, sock in zip(self._udp, self._start.listeners.udp, strict=True):
            loop.add_reader(sock, listener.drain)
        servers = [
            await loop.create_server(lambda: TcpConnection(self._clients), sock=sock.dup())
            for sock in self._start.listeners.tcp
        ]
        self._channel.send(Frame.READY)
        stopped = asyncio.create_task(self._follow())
        loop.add_signal_handler(signal.SIGTERM, stopped.cancel)
        with suppress(asyncio.CancelledError):
            await stopped
        await self._end(servers)

    def _answer_from(self, zones: Zones, slots: Mapping[str, int]) -> None:
        self._zones = zones
        equipment = Equipment(
            zones=zones,
            zone_slots={parse_name(origin): slot for origin, slot in slots.items()},
            edns=self._edns,
            limiter=self._limiter,
            counters=self._start.counters,
            amplification=self._settings.amplification_limit,
            slow_per_second=self._settings.slow_queries_per_second,
        )
        self._responder = self._clients.responder = Responder(equipment)
        fast_path = build_fast_path(equipment)
        for listener in self._udp:
            listener.answer_with(fast_path, self._responder)
        self._count_revision()

    async def _follow(self) -> None:
        """Do what the supervisor says, until it says stop or is gone."""
        async for kind, payload in self._channel.frames():
            match kind:
                case Frame.LOAD:
                    self._begin_load(Load.model_validate_json(payload))
                case Frame.RECORDS if self._next is not None:
                    self._next[0].load(RECORDS_PART.validate_json(payload))
                    await asyncio.sleep(0)  # queries first
                case Frame.LOADED:
                    self._end_load()
                case Frame.APPLY:
                    self._zones.apply(Change.model_validate_json(payload))
                    self._count_revision()
                case Frame.SIGNED_REPLY:
                    self._signed.on_reply(*unpack_reply(payload))
                case Frame.STOP:
                    return
                case _:
                    log.error("Not for a worker", frame=kind.name)
        log.info("The supervisor is gone")

    def _begin_load(self, load: Load) -> None:
        """The new zones are built beside the old ones, which answer meanwhile."""
        self._next = Zones(load.zones, Snapshot(revision=load.revision, serial=load.serial)), load.slots

    def _end_load(self) -> None:
        if self._next is not None:
            self._answer_from(*self._next)
            self._next = None
            gc.freeze()  # as after the fork

    async def _end(self, servers: list[asyncio.Server]) -> None:
        """Answer what is queued, let connections finish, then go."""
        for server in servers:
            server.close()
        for listener, sock in zip(self._udp, self._start.listeners.udp, strict=True):
            asyncio.get_running_loop().remove_reader(sock)
            listener.drain_all()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._clients.finish()
        self._channel.close()

    def _tick(self) -> None:
        """Clocks for what would else ask for the time at every query, and the sign of life."""
        now = int(time.monotonic())
        if self._limiter.now[0] != now:
            self._limiter.tick(now)
            self._edns.tick(int(time.time()))
            self._responder.tick()
        self._slots[Single.HEARTBEAT] += 1
        asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick)

    def _count_revision(self) -> None:
        self._slots[Single.REVISION] = self._zones.revision
        self._slots[Single.SERIAL] = self._zones.serial

    def _hand_on_udp(self, signed: Signed, sock: socket, peer: Peer) -> None:
        self._slots[Single.SIGNED] += 1
        if self._limiter.judge(peer[0], AnswerClass.ERROR) is not Verdict.PASS:
            self._slots[Single.RATE_DROPPED] += 1
            return
        if not self._start.takes_signed:
            _send([refuse_signed(signed.wire)], sock, peer)
            return
        self._signed.hand_on(signed.wire, "udp", (peer[0], peer[1]), partial(_send, sock=sock, peer=peer))

    def _hand_on_tcp(self, signed: Signed, connection: TcpConnection) -> None:
        self._slots[Single.SIGNED] += 1
        answer = connection.await_answer()
        if not self._start.takes_signed:
            answer([refuse_signed(signed.wire)])
        elif not self._signed.hand_on(signed.wire, "tcp", connection.peer, answer):
            answer([])


def _send(messages: list[bytes], sock: socket, peer: Peer) -> None:
    for message in messages:
        with suppress(OSError):
            sock.sendto(message, peer)
