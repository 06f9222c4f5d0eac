"""The workers: started, fed, watched, and started again when one dies or gives no sign of life."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable

import structlog
from dns.rcode import Rcode

from brb_dns.server.channel import Channel, Frame, pack_reply, unpack_signed
from brb_dns.server.counters import Counters, Single
from brb_dns.server.messages import render_bare
from brb_dns.server.processes import fork_worker
from brb_dns.server.settings import ServerSettings
from brb_dns.server.signed import OnSigned
from brb_dns.server.sockets import Listeners
from brb_dns.server.worker import Start

log = structlog.get_logger()

_SHORTEST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0
_WELL_SECONDS = 10.0
"""A worker that lived so long did not die of its start: the next one begins at once."""

_LAST_CHECKS, _CHECK_SECONDS = 100, 0.01

Begin = Callable[[Counters, Listeners, socket.socket], Start]
"""What a worker begins with, as things are at that moment."""


class Member:
    """One place for a worker: its sockets and counters outlive each worker that holds it."""

    def __init__(self, settings: ServerSettings, listeners: Listeners, on_signed: OnSigned | None) -> None:
        self.counters = Counters()
        self.is_ready = False
        self.pid = 0
        self.restarts = 0
        self._settings = settings
        self._listeners = listeners
        self._on_signed = on_signed
        self._channel: Channel | None = None
        self._is_stopping = False

    async def run(self, begin: Begin) -> None:
        """Keep one worker running until `stop`."""
        short_lives = 0
        while not self._is_stopping:
            began = time.monotonic()
            await self._run_worker(begin)
            if not self._is_stopping:
                self.restarts += 1
                log.warning("A worker ended and is started again", pid=self.pid)
                short_lives = 0 if time.monotonic() - began > _WELL_SECONDS else short_lives + 1
                await asyncio.sleep(min(_SHORTEST_PAUSE_SECONDS * (2**short_lives - 1), _LONGEST_PAUSE_SECONDS))

    def send(self, kind: Frame, payload: bytes = b"") -> None:
        if self._channel is not None:
            self._channel.send(kind, payload)

    def stop(self) -> None:
        """The worker finishes what it has, and `run` ends."""
        self._is_stopping = True
        self.is_ready = False
        self.send(Frame.STOP)

    async def _run_worker(self, begin: Begin) -> None:
        """From the fork until the process is gone."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        channel = await Channel.open(ours)  # before the fork: what changes from then on is sent
        self.pid = fork_worker(begin(self.counters, self._listeners, theirs))
        theirs.close()
        self._channel = channel
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch())
                async for kind, payload in channel.frames():
                    self._on_frame(kind, payload, group)
                watch.cancel()
        finally:
            self.is_ready = False
            self._channel = None
            channel.close()
            await _bury(self.pid)

    def _on_frame(self, kind: Frame, payload: bytes, group: asyncio.TaskGroup) -> None:
        if kind is Frame.READY:
            self.is_ready = not self._is_stopping
            log.info("A worker answers", pid=self.pid)
        elif kind is Frame.SIGNED:
            group.create_task(self._answer_signed(payload))

    async def _answer_signed(self, payload: bytes) -> None:
        number, transport, host, port, wire = unpack_signed(payload)
        assert self._on_signed is not None
        try:
            messages = await self._on_signed(wire, transport, (host, port))
        except Exception:
            log.exception("Failed on a signed message", host=host)
            messages = [render_bare(wire, Rcode.SERVFAIL)]
        self.send(Frame.SIGNED_REPLY, pack_reply(number, messages or []))

    async def _watch(self) -> None:
        """Kill a worker whose loop does not turn."""
        beat = -1
        while self.counters.slots[Single.HEARTBEAT] != beat:
            beat = self.counters.slots[Single.HEARTBEAT]
            await asyncio.sleep(self._settings.heartbeat_seconds)
        log.error("A worker gives no sign of life and is killed", pid=self.pid)
        os.kill(self.pid, signal.SIGKILL)


async def _bury(pid: int) -> None:
    """Wait for the end of a process that is ending; kill it if it does not."""
    is_gone = False
    try:
        for _ in range(_LAST_CHECKS):
            is_gone = _reap(pid)
            if is_gone:
                return
            await asyncio.sleep(_CHECK_SECONDS)
    finally:
        if not is_gone:
            _kill(pid)


def _reap(pid: int) -> bool:
    return os.waitpid(pid, os.WNOHANG)[0] == pid


def _kill(pid: int) -> None:
    """Waits for it too: a killed process is gone at once."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
