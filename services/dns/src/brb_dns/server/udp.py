"""Queries by UDP: whatever has come is answered before the loop turns again.

No transport of asyncio's: it makes a call of its own for each datagram, which costs more than our answer.
"""

import socket
import time
from collections.abc import Callable

import structlog

from brb_dns.server.counters import LATENCY, LATENCY_BUCKETS, Counters, Single
from brb_dns.server.fast_path import FastPath
from brb_dns.server.messages import render_bare
from brb_dns.server.replies import Signed
from brb_dns.server.responder import Responder

log = structlog.get_logger()

_SERVFAIL = 2
_LONGEST_QUERY = 4096
_AT_ONCE = 64
"""Datagrams a turn: timers, TCP and the supervisor's changes get theirs every millisecond even in a flood."""
_LAST_TURNS = 1000

Peer = tuple[str, int]
HandOn = Callable[[Signed, socket.socket, Peer], None]


class UdpListener:
    def __init__(self, sock: socket.socket, counters: Counters, hand_on: HandOn) -> None:
        self._socket = sock
        self._slots = counters.slots
        self._hand_on = hand_on
        self._fast_path: FastPath
        self._responder: Responder

    def answer_with(self, fast_path: FastPath, responder: Responder) -> None:
        self._fast_path = fast_path
        self._responder = responder

    def drain(self) -> bool:
        """Answer what has come, at most `_AT_ONCE` queries. False: nothing is left."""
        receive, send = self._socket.recvfrom, self._socket.sendto
        answer, slots, clock = self._fast_path, self._slots, time.perf_counter_ns
        latency, total = LATENCY, int(Single.LATENCY_SUM_NANOSECONDS)
        for _ in range(_AT_ONCE):
            try:
                query, peer = receive(_LONGEST_QUERY)
            except OSError:  # nothing more, or an error of the network that a datagram left behind
                return False
            began = clock()
            reply = answer(query, peer[0])
            if reply is None:
                reply = self._answer_uncommon(query, peer)
            if reply:
                try:
                    send(reply, peer)
                except OSError:
                    continue  # a full buffer, or an address or port that cannot be: the same as a loss on the way
            took = clock() - began
            slots[latency + min((took // 1000).bit_length(), LATENCY_BUCKETS - 1)] += 1
            slots[total] += took
        return True

    def drain_all(self) -> None:
        """The last turn: all that is queued, but in a flood not for ever."""
        for _ in range(_LAST_TURNS):
            if not self.drain():
                return

    def _answer_uncommon(self, query: bytes, peer: Peer) -> bytes | None:
        try:
            reply = self._responder.respond(query, peer[0], is_tcp=False)
        except Exception:  # a query that we fail on must not take the worker with it
            self._slots[Single.FAILED] += 1
            log.exception("Failed on a query", query=query.hex())
            return render_bare(query, _SERVFAIL)
        if isinstance(reply, Signed):
            self._hand_on(reply, self._socket, peer)
            return None
        return reply
