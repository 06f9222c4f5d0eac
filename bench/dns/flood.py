"""A flood of queries at a given rate from many addresses of 127.0.0.0/8, whose answers nobody reads.

    python -m bench.dns.flood PORT PER_SECOND SECONDS others|same

`others`: 64 networks, none of them the honest client's (127.0.0.0/24). `same`: addresses of the honest client's own
network, as when somebody forges its neighbours' addresses. It ends by itself, and prints how many queries it sent.
"""

import socket
import struct
import sys
import time
from contextlib import suppress
from enum import StrEnum
from itertools import cycle

from bench.dns.zones import ZONE

_NETWORKS = 64
_HOSTS = 4
_TICK_SECONDS = 0.002
_HEADER = bytes.fromhex("abcd 0000 0001 0000 0000 0001")
_OPT = bytes.fromhex("00 0029 04d0 00000000 0000")


class Sources(StrEnum):
    OTHERS = "others"
    SAME = "same"


def main() -> None:
    port, per_second, seconds, sources = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Sources(sys.argv[4])
    print(flood([_connected(address, port) for address in _addresses(sources)], per_second, seconds))


def flood(sockets: list[socket.socket], per_second: int, seconds: float) -> int:
    """In bursts every two milliseconds; what is late is sent at once, so that the rate holds if it can."""
    tail = b"\x01p\x0210\x019\x018\x017" + _wire(ZONE) + struct.pack("!HH", 1, 1) + _OPT
    turn, sent, start = cycle(sockets), 0, time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        for number in range(sent, due := int(passed * per_second)):
            with suppress(OSError):
                next(turn).send(b"%b\x08%08x%b" % (_HEADER, number, tail))
            if not number & 1023 and time.monotonic() - start > seconds:
                return number
        sent = max(sent, due)
        time.sleep(_TICK_SECONDS)
    return sent


def _addresses(sources: Sources) -> list[str]:
    match sources:
        case Sources.OTHERS:
            return [f"127.9.{network}.{host}" for network in range(_NETWORKS) for host in range(1, _HOSTS + 1)]
        case Sources.SAME:
            return [f"127.0.0.{host}" for host in range(2, 255)]


def _connected(address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.bind((address, 0))
    made.connect(("127.0.0.1", port))
    return made


def _wire(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


if __name__ == "__main__":
    main()
