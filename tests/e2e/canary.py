"""Looks for secrets where none may be, in whatever form they may have got there.

A secret is searched for as it is, in base64 (wherever in a longer text it stands), in hexadecimal (as PostgreSQL shows
bytes), and escaped as in JSON and URLs. Of a private key a part is too much too.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

_SHORTEST = 12
_PEM_BEGIN = "-----BEGIN "


@dataclass(frozen=True)
class Leak:
    """`place`: where it was found; `form`: how it was written there. The secret itself is not told."""

    secret: str
    place: str
    form: str


class Canaries:
    """The secrets that are searched for, each under a name for people."""

    def __init__(self) -> None:
        self._needles: dict[bytes, tuple[str, str]] = {}
        self.names: list[str] = []

    def add(self, name: str, secret: str) -> None:
        """Raises ValueError for one so short that it would be found by chance, or is not there at all."""
        if len(secret) < _SHORTEST:
            raise ValueError(f"{name} has {len(secret)} characters: too short to be searched for")
        self.names.append(name)
        for piece in _pieces(secret):
            for form, needle in _forms(piece):
                self._needles.setdefault(needle, (name, form))

    def search(self, place: str, content: bytes | str) -> list[Leak]:
        haystack = content.encode() if isinstance(content, str) else content
        return [Leak(name, place, form) for needle, (name, form) in self._needles.items() if needle in haystack]


def _pieces(secret: str) -> Iterator[bytes]:
    """The whole; of a private key the numbers that are secret in it, and the lines of its PEM that have a part of them.

    Its public half is in its PEM too, and is no secret.
    """
    if _PEM_BEGIN not in secret:
        yield secret.encode()
        return
    lines = [line.strip() for line in secret.strip().splitlines()][1:-1]
    content = base64.b64decode("".join(lines))
    for number in _secret_numbers(secret.encode()):
        yield number
        start = content.index(number)
        yield from _lines_with(lines, start, start + len(number))


def _secret_numbers(pem: bytes) -> list[bytes]:
    load = load_ssh_private_key if b"OPENSSH" in pem else load_pem_private_key
    match load(pem, password=None):
        case Ed25519PrivateKey() as key:
            return [key.private_bytes_raw()]
        case EllipticCurvePrivateKey() as key:
            return [_bytes_of(key.private_numbers().private_value, key.key_size)]
        case RSAPrivateKey() as key:
            numbers = key.private_numbers()
            return [
                _bytes_of(numbers.d, key.key_size),
                *(_bytes_of(n, key.key_size // 2) for n in (numbers.p, numbers.q)),
            ]
        case other:
            raise ValueError(f"a kind of key that this search does not know: {type(other).__name__}")


def _bytes_of(number: int, bits: int) -> bytes:
    return number.to_bytes(bits // 8, "big").lstrip(b"\0")


def _lines_with(lines: list[str], start: int, end: int) -> Iterator[bytes]:
    """The lines that encode twelve bytes or more of those from `start` to `end`."""
    position = 0
    for line in lines:
        first, last = position * 6 // 8, (position + len(line)) * 6 // 8
        if min(last, end) - max(first, start) >= _SHORTEST:
            yield line.encode()
        position += len(line)


def _forms(piece: bytes) -> Iterator[tuple[str, bytes]]:
    yield "in clear", piece
    yield "in hexadecimal", piece.hex().encode()
    yield "in hexadecimal", piece.hex().upper().encode()
    for needle in _base64_anywhere(piece):
        yield "in base64", needle
        yield "in base64 for URLs", needle.replace(b"+", b"-").replace(b"/", b"_")
        for twice in _base64_anywhere(needle):
            yield "in base64 twice", twice
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return
    yield "escaped for JSON", json.dumps(text)[1:-1].encode()
    yield "escaped for a URL", quote(text, safe="").encode()


def _base64_anywhere(piece: bytes) -> Iterator[bytes]:
    """Its base64 as a part of a longer one: the three ways in which it may fall on the groups of three bytes, without
    the characters that its neighbours have a share in."""
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + piece).rstrip(b"=")
        first = -(-shift * 8 // 6)
        last = (shift + len(piece)) * 8 // 6
        yield encoded[first:last]
