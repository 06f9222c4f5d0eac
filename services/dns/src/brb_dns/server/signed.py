"""Signed messages a worker has handed to the supervisor; and the answer where nobody holds keys."""

import asyncio
import struct
from collections.abc import Awaitable, Callable

import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TSIG

from brb_dns.server.channel import Channel, Frame, Transport, pack_signed
from brb_dns.server.messages import render_bare, render_header

Peer = tuple[str, int]
_BADKEY = 17

OnSigned = Callable[[bytes, Transport, Peer], Awaitable[list[bytes] | None]]
"""(message, transport, peer) → answers as they go out: several only by TCP (AXFR); None: no answer."""


class SignedMessages:
    """A worker's side: numbers what it hands on and finds who waits for the answer."""

    def __init__(self, channel: Channel, most: int, timeout_seconds: float) -> None:
        self._channel = channel
        self._most = most
        self._timeout_seconds = timeout_seconds
        self._number = 0
        self._waiting: dict[int, Callable[[list[bytes]], None]] = {}

    def hand_on(self, wire: bytes, transport: Transport, peer: Peer, answer: Callable[[list[bytes]], None]) -> bool:
        """`answer` gets the messages to send, at the latest after the timeout (SERVFAIL). False: too many wait."""
        if len(self._waiting) >= self._most:
            return False
        self._number = (self._number + 1) & 0xFFFFFFFF
        number = self._number
        self._waiting[number] = answer
        self._channel.send(Frame.SIGNED, pack_signed(number, transport, *peer, wire))
        failure = [render_bare(wire, dns.rcode.SERVFAIL)]
        asyncio.get_running_loop().call_later(self._timeout_seconds, self.on_reply, number, failure)
        return True

    def on_reply(self, number: int, messages: list[bytes]) -> None:
        answer = self._waiting.pop(number, None)
        if answer is not None:
            answer(messages)


def refuse_signed(wire: bytes) -> bytes:
    """NOTAUTH with BADKEY, not signed itself: nobody here knows the key. Source: RFC 8945, 5.2.1."""
    message = dns.message.from_wire(wire, keyring=False)
    assert message.tsig is not None
    rdata: bytes | None = message.tsig[0].replace(mac=b"", error=_BADKEY, other=b"").to_wire()
    assert rdata is not None
    name: bytes = message.tsig.name.to_digestable()
    head = struct.pack("!HHIH", dns.rdatatype.TSIG, dns.rdataclass.ANY, 0, len(rdata))
    return render_header(wire, 0, dns.rcode.NOTAUTH, opts=1) + name + head + rdata
