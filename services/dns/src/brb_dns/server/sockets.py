"""The server's sockets, bound once by the supervisor and kept open by it for as long as it runs.

Every worker has sockets of its own at the same address (SO_REUSEPORT: the kernel shares queries out). When a worker
dies its sockets live on here, and what is queued in them is answered by the next one.
"""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

_BACKLOG = 1024
_MTU_DISCOVER = {socket.AF_INET: (socket.IPPROTO_IP, 10), socket.AF_INET6: (socket.IPPROTO_IPV6, 23)}
_RECEIVE_BUFFER_FORCE = 33
"""SO_RCVBUFFORCE"""
_OMIT = 5
"""IP_MTU_DISCOVER and IPV6_MTU_DISCOVER, and their value `omit`: forged ICMP does not make us send fragments."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """One worker's sockets, one of each a listening address."""

    udp: tuple[socket.socket, ...]
    tcp: tuple[socket.socket, ...]

    def __iter__(self) -> Iterator[socket.socket]:
        return iter(self.udp + self.tcp)


def bind_listeners(listen: tuple[str, ...], receive_buffer_bytes: int) -> Listeners:
    """Raises OSError that names the address."""
    places = [parse_place(place) for place in listen]
    udp = tuple(_bind(place, socket.SOCK_DGRAM) for place in places)
    tcp = tuple(_bind(place, socket.SOCK_STREAM) for place in places)
    for sock in udp:
        _set_receive_buffer(sock, receive_buffer_bytes)
        sock.setsockopt(*_MTU_DISCOVER[sock.family], _OMIT)
    for sock in tcp:
        sock.listen(_BACKLOG)
    return Listeners(udp, tcp)


def bind_status(place: str) -> socket.socket:
    """Listens for HTTP. Raises OSError that names the address."""
    sock = _bind(parse_place(place), socket.SOCK_STREAM, shared=False)
    sock.listen(_BACKLOG)
    return sock


def _set_receive_buffer(sock: socket.socket, size: int) -> None:
    """As root also beyond the system's limit (net.core.rmem_max)."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, size)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def parse_place(text: str) -> tuple[str, int]:
    """`192.0.2.1:53` or `[2001:db8::1]:53`. Raises ValueError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"{text!r}: write an address and a port, as in 192.0.2.1:53 or [2001:db8::1]:53")
    return host.strip("[]"), int(port)


def _bind(place: tuple[str, int], kind: socket.SocketKind, *, shared: bool = True) -> socket.socket:
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    sock = socket.socket(family, kind)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if kind is socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family is socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.setblocking(False)
    try:
        sock.bind(place)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"cannot listen on {place[0]} port {place[1]}: {error.strerror}") from error
    return sock
