"""An honest client: asks at a steady rate and waits a second. As a resolver: EDNS, a cookie, over TCP when told so.

Answers by UDP are timed by the kernel's stamp of their arrival: how long this process waits for its core, which it
shares with the load, is not the server's delay.
"""

import secrets
import select
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

LOOPBACK = "127.0.0.1"
_PATIENCE_SECONDS = 1.0
_DRAIN_SECONDS = 20.0
_PROMPT_SECONDS = 0.1
_TCP_AT_ONCE = 8
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")


@dataclass
class Seen:
    """`latencies` in seconds, of those that got their answer; the others had none, or a wrong one."""

    asked: int = 0
    latencies: list[float] = field(default_factory=list)

    @property
    def success(self) -> float:
        return len(self.latencies) / self.asked if self.asked else 0.0

    def percentile_ms(self, share: float) -> float:
        """Infinite when nothing was answered."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000 if ordered else float("inf")


def learn_cookie(port: int, name: str) -> bytes:
    """Client and server cookie for 127.0.0.1; empty when the server has none. Source: RFC 7873, section 5.2.

    Over TCP, and patiently: what an earlier load has left in the UDP queue is not waited for.
    """
    client = secrets.token_bytes(8)
    query = _query(name, client)
    answer = dns.query.tcp(query, LOOPBACK, port=port, timeout=_DRAIN_SECONDS, source=LOOPBACK)
    return next((bytes(option.client + option.server) for option in answer.options
                 if isinstance(option, dns.edns.CookieOption)), b"")  # fmt: skip


def is_answered(port: int, name: str) -> bool:
    """Within a tenth of a second, by UDP."""
    try:
        dns.query.udp(_query(name, b""), LOOPBACK, port=port, timeout=_PROMPT_SECONDS, ignore_unexpected=True)
    except dns.exception.Timeout:
        return False
    return True


def _query(name: str, cookie: bytes) -> dns.message.Message:
    options: list[dns.edns.Option] = [dns.edns.CookieOption(cookie[:8], cookie[8:])] if cookie else []
    return dns.message.make_query(name, "A", use_edns=0, payload=1232, options=options)


class Probe:
    """One run. Not to be used twice."""

    def __init__(self, port: int, names: Iterator[str], cookie: bytes) -> None:
        self._port, self._names, self._cookie = port, names, cookie
        self._seen = Seen()
        self._waiting: dict[int, tuple[float, dns.message.Message]] = {}
        self._by_tcp: list[Future[None]] = []

    def run(self, seconds: float, per_second: int) -> Seen:
        with (
            ThreadPoolExecutor(_TCP_AT_ONCE) as self._pool,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as self._socket,
        ):
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.bind((LOOPBACK, 0))
            self._socket.connect((LOOPBACK, self._port))
            self._ask_steadily(seconds, per_second)
            self._receive_until(time.monotonic() + _PATIENCE_SECONDS)
        for future in self._by_tcp:
            future.result()
        return self._seen

    def _ask_steadily(self, seconds: float, per_second: int) -> None:
        start = time.monotonic()
        for number in range(int(seconds * per_second)):
            self._receive_until(start + number / per_second)
            self._ask()

    def _ask(self) -> None:
        query = _query(next(self._names), self._cookie)
        wire = query.to_wire()
        self._seen.asked += 1
        self._waiting[query.id] = (time.time(), query)
        with suppress(OSError):  # a full queue: the same to the asker as a lost packet
            self._socket.send(wire)

    def _receive_until(self, end: float) -> None:
        while (left := end - time.monotonic()) > 0:
            if select.select([self._socket], [], [], left)[0]:
                self._receive()

    def _receive(self) -> None:
        try:
            wire, stamps, *_ = self._socket.recvmsg(4096, socket.CMSG_SPACE(_TIMESPEC.size))
        except ConnectionError:
            return
        now = _arrival(stamps)
        sent, query = self._waiting.pop(int.from_bytes(wire[:2], "big"), (0.0, None))
        if query is None or now - sent > _PATIENCE_SECONDS:
            return
        if wire[2] & dns.flags.TC >> 8:
            self._by_tcp.append(self._pool.submit(self._ask_by_tcp, sent, query))
        elif wire[3] & 15 == dns.rcode.NOERROR and wire[6:8] == b"\0\1":
            self._seen.latencies.append(now - sent)

    def _ask_by_tcp(self, sent: float, query: dns.message.Message) -> None:
        left = sent + _PATIENCE_SECONDS - time.time()
        with suppress(OSError, EOFError, dns.exception.DNSException):
            answer = dns.query.tcp(query, LOOPBACK, port=self._port, timeout=max(left, 0.01), source=LOOPBACK)
            if answer.answer:
                self._seen.latencies.append(time.time() - sent)


def _arrival(stamps: list[tuple[int, int, bytes]]) -> float:
    ((_, _, stamp),) = stamps
    seconds, nanoseconds = _TIMESPEC.unpack(stamp)
    return float(seconds + nanoseconds / 1e9)
