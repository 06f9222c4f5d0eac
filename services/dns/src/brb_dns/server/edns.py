"""EDNS: what a query's OPT record asks for, and the OPT record of its answer. Source: RFC 6891.

Most clients send the same few OPT records over and over (a resolver keeps its cookie for long), so the answer's record
is remembered for each. What is remembered is forgotten every minute: a cookie in it grows old.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from brb_dns.server.cookies import CLIENT_BYTES, Cookies
from brb_dns.server.messages import Malformed

LARGEST_UDP = 1232
"""Source: DNS flag day 2020: fits into every path's packets, so answers are never fragments."""
SMALLEST_UDP = 512
LARGEST = 65535

_NSID, _COOKIE, _KEEPALIVE = 3, 10, 11
_DO = 0x8000
_OPTION = struct.Struct("!2H")
_FORGET_SECONDS = 60
_REMEMBERED = 50_000
_LONGEST_REMEMBERED = 64
"""Room for a cookie, NSID and padding's head; made-up long ones must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Edns:
    """`opt`: the answer's record, empty without EDNS; `size`: of the largest answer; `version`: the query's.

    `verified`: a valid server cookie was shown; `has_cookie`: a client cookie at least.
    """

    opt: bytes
    size: int
    version: int = 0
    verified: bool = False
    has_cookie: bool = False


NO_EDNS = Edns(b"", SMALLEST_UDP)
NO_EDNS_TCP = Edns(b"", LARGEST, verified=True)


class EdnsReader:
    def __init__(self, cookies: Cookies, nsid: str, keepalive_seconds: float) -> None:
        self._cookies = cookies
        self._nsid = nsid.encode()
        self._keepalive = _render_option(_KEEPALIVE, int(keepalive_seconds * 10).to_bytes(2))
        self._now = 0
        self._forget_at = 0
        self.plain: dict[bytes, Edns] = {}
        self.personal: dict[tuple[bytes, str], Edns] = {}

    def tick(self, now: int) -> None:
        """`now` in seconds of Unix time. To be called about every second."""
        self._now = now
        if now >= self._forget_at:
            self._forget_at = now + _FORGET_SECONDS
            self.plain.clear()
            self.personal.clear()

    def read_udp(self, opt: bytes, host: str) -> Edns:
        """Raises Malformed."""
        known = self.plain.get(opt) or self.personal.get((opt, host))
        return known or self._remember(opt, host)

    def read_tcp(self, opt: bytes, host: str) -> Edns:
        """TCP proves the client's address as a cookie does. Raises Malformed."""
        edns = self._read(opt, host, is_tcp=True)
        return Edns(edns.opt, LARGEST, edns.version, verified=True, has_cookie=edns.has_cookie)

    def _remember(self, opt: bytes, host: str) -> Edns:
        edns = self._read(opt, host, is_tcp=False)
        if len(opt) > _LONGEST_REMEMBERED:
            return edns
        if len(self.plain) + len(self.personal) >= _REMEMBERED:
            self.plain.clear()
            self.personal.clear()
        if edns.has_cookie:
            self.personal[opt, host] = edns
        else:
            self.plain[opt] = edns
        return edns

    def _read(self, opt: bytes, host: str, *, is_tcp: bool) -> Edns:
        size, _, version, flags = struct.unpack_from("!HBBH", opt, 3)
        options = b""
        verified = has_cookie = False
        for code, value in _parse_options(opt[11:]):
            if code == _NSID and self._nsid:
                options += _render_option(_NSID, self._nsid)
            elif code == _KEEPALIVE and is_tcp:
                options += self._keepalive
            elif code == _COOKIE and not has_cookie:
                has_cookie = True
                verified, option = self._read_cookie(value, host)
                options += option
        limit = max(SMALLEST_UDP, min(size, LARGEST_UDP))
        return Edns(_render_opt(version, flags, options), limit, version, verified, has_cookie)

    def _read_cookie(self, cookie: bytes, host: str) -> tuple[bool, bytes]:
        """Source of the lengths: RFC 7873, 5.2.2."""
        if len(cookie) != CLIENT_BYTES and not 16 <= len(cookie) <= 40:
            raise Malformed
        client, shown = cookie[:CLIENT_BYTES], cookie[CLIENT_BYTES:]
        address = packed(host)
        verified = self._cookies.is_valid(client, shown, address, self._now)
        return verified, _render_option(_COOKIE, client + self._cookies.renew(client, shown, address, self._now))


def packed(host: str) -> bytes:
    """An address as sockets give it, in 4 or 16 bytes."""
    if ":" in host:
        return socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return socket.inet_aton(host)


def with_rcode(opt: bytes, rcode: int) -> bytes:
    """The record with the upper bits of an extended rcode."""
    return opt[:5] + bytes([rcode >> 4]) + opt[6:]


def _parse_options(rdata: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(rdata):
        if at + 4 > len(rdata):
            raise Malformed
        code, length = _OPTION.unpack_from(rdata, at)
        value = rdata[at + 4 : at + 4 + length]
        if len(value) != length:
            raise Malformed
        yield code, value
        at += 4 + length


def _render_option(code: int, value: bytes) -> bytes:
    return _OPTION.pack(code, len(value)) + value


def _render_opt(version: int, flags: int, options: bytes) -> bytes:
    """Our version is 0; DO is echoed (RFC 3225, 3). To another version nothing but BADVERS is said: no options."""
    if version:
        options = b""
    return b"\0" + struct.pack("!HHBBHH", 41, LARGEST_UDP, 0, 0, flags & _DO, len(options)) + options
