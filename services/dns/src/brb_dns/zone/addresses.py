"""Which address a name holds. The rule, whatever case the name is in:

Only what stands right before the zone counts; whatever stands before that is free.

| right before the zone | example | address |
|---|---|---|
| four labels, decimal | `app.10.0.0.1` | 10.0.0.1 |
| one label of eight hex digits | `app.0a000001` | 10.0.0.1 |
| one label ending in four decimals with dashes | `app-10-0-0-1` | 10.0.0.1 |
| one label that is an IPv6 address, dashes for colons | `app.2001-db8--1` | 2001:db8::1 |

Decimals are canonical: 0 to 255 without leading zeros. A label may be read as IPv6 and end in an IPv4 address
(`a-b-c-d-5-6-7-8`): it is IPv6 if that is in an allowed network, else IPv4. Both readings are candidates here.
"""

import re
import socket
from collections.abc import Iterator, Sequence

OCTETS = {str(value).encode(): value for value in range(256)}
"""The canonical decimals."""

_HEX_ADDRESS = re.compile(rb"[0-9a-f]{8}")
_IPV6_LABEL = re.compile(rb"[0-9a-f-]*--[0-9a-f-]*|[0-9a-f]{1,4}(?:-[0-9a-f]{1,4}){7}")


def parse_addresses(labels: Sequence[bytes]) -> Iterator[bytes]:
    """The readings of a name relative to its zone (labels in lower case), preferred first: 4 or 16 bytes each."""
    if not labels:
        return
    last = labels[-1]
    if last in OCTETS:
        yield from _dotted(labels[-4:])
    elif _HEX_ADDRESS.fullmatch(last):
        yield bytes.fromhex(last.decode())
    else:
        yield from _ipv6(last)
        yield from _dashed(last)


def parse_ending(labels: Sequence[bytes]) -> bytes | None:
    """The last octets of addresses that a name of one to three labels stands above: `0.1` for 10.0.0.1, else None."""
    if not 1 <= len(labels) <= 3 or any(label not in OCTETS for label in labels):
        return None
    return bytes(OCTETS[label] for label in labels)


def _dotted(labels: Sequence[bytes]) -> Iterator[bytes]:
    octets = [OCTETS[label] for label in labels if label in OCTETS]
    if len(octets) == 4:
        yield bytes(octets)


def _dashed(label: bytes) -> Iterator[bytes]:
    fields = label.rsplit(b"-", 4)[-4:]
    octets = [OCTETS[field] for field in fields if field in OCTETS]
    if len(octets) == 4:
        yield bytes(octets)


def _ipv6(label: bytes) -> Iterator[bytes]:
    if _IPV6_LABEL.fullmatch(label):
        try:
            yield socket.inet_pton(socket.AF_INET6, label.replace(b"-", b":").decode())
        except OSError:
            return
