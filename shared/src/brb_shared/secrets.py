"""Secrets at rest, and keeping them out of logs.

A record is encrypted with its own AES-256-GCM data key, which is wrapped by the newest key-encryption key (KEK) of the
keyring. The associated data binds the record to tenant, object and field: a value copied elsewhere does not open.

Sealed form (bytes): `1 | version length (1) | version | nonce (12) | wrapped data key (48) | nonce (12) | ciphertext`.
"""

import base64
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_WRAPPED_BYTES = _KEY_BYTES + 16


class SealBroken(Exception):
    """The sealed value was altered, belongs to another object, or its key-encryption key is not in the keyring."""


@dataclass(frozen=True)
class Keyring:
    """Versioned key-encryption keys; the last one wraps, all of them open."""

    keys: dict[str, bytes]
    newest: str

    @classmethod
    def load(cls, path: Path) -> "Keyring":
        """Read lines `<version>:<base64 of 32 bytes>`. Raises ValueError that names the file and line."""
        keys: dict[str, bytes] = {}
        for number, line in enumerate(path.read_text().split("\n"), start=1):
            if not line.strip():
                continue
            version, _, encoded = line.strip().partition(":")
            key = base64.b64decode(encoded)
            if not version or len(key) != _KEY_BYTES:
                raise ValueError(f"{path}, line {number}: expected <version>:<base64 of 32 bytes>")
            keys[version] = key
        if not keys:
            raise ValueError(f"{path} has no key: write a line <version>:<base64 of 32 random bytes>")
        return cls(keys=keys, newest=list(keys)[-1])

    def seal(self, plaintext: bytes, *, tenant: str, obj: str, field: str) -> bytes:
        binding = _binding(tenant, obj, field)
        data_key = AESGCM.generate_key(bit_length=8 * _KEY_BYTES)
        version = self.newest.encode()
        header = _FORMAT + bytes([len(version)]) + version
        return header + _encrypt(self.keys[self.newest], data_key, binding) + _encrypt(data_key, plaintext, binding)

    def open(self, sealed: bytes, *, tenant: str, obj: str, field: str) -> bytes:
        """Raises SealBroken."""
        binding = _binding(tenant, obj, field)
        version, wrapped, body = _split(sealed)
        if version not in self.keys:
            raise SealBroken(f"key-encryption key {version!r} is not in the keyring")
        try:
            return _decrypt(_decrypt(self.keys[version], wrapped, binding), body, binding)
        except InvalidTag as error:
            raise SealBroken(f"the sealed {field} of {obj} does not open") from error


def new_keyring_line(version: str) -> str:
    return f"{version}:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}\n"


def _binding(tenant: str, obj: str, field: str) -> bytes:
    return "\x00".join((tenant, obj, field)).encode()


def _encrypt(key: bytes, plaintext: bytes, binding: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, binding)


def _decrypt(key: bytes, sealed: bytes, binding: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], binding)


def _split(sealed: bytes) -> tuple[str, bytes, bytes]:
    if sealed[:1] != _FORMAT or len(sealed) < 2:
        raise SealBroken("not a sealed value")
    start = 2 + sealed[1]
    end = start + _NONCE_BYTES + _WRAPPED_BYTES
    return sealed[2:start].decode(), sealed[start:end], sealed[end:]


class Redactor:
    """Replaces secrets that it was told of. One per process, used by the log and by whatever keeps output."""

    _SHORTEST = 6

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def add(self, secret: str) -> None:
        if len(secret) >= self._SHORTEST:
            self._secrets.add(secret)

    def clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return text


redactor = Redactor()
