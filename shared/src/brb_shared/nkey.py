"""A service's one Ed25519 key, in NATS' form: seed `SU…`, public key `U…`.

Source: nkeys' README, "Public keys" and "Seeds": base 32 of prefix, key and a little-endian CRC16.
"""

import base64
import binascii
import os

import nkeys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_CRC_BYTES = 2
_PUBLIC_BYTES = 1 + 32 + _CRC_BYTES


def new_seed() -> str:
    return str(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER).decode())


def private_key_of_seed(seed: str) -> Ed25519PrivateKey:
    """Raises ValueError if it is no seed."""
    try:
        prefix, raw = nkeys.decode_seed(bytearray(seed.strip().encode()))
    except nkeys.NkeysError as error:
        raise ValueError("not an nkey seed (SU…)") from error
    if prefix != nkeys.PREFIX_BYTE_USER:
        raise ValueError("an nkey seed, but not a user's (SU…)")
    return Ed25519PrivateKey.from_private_bytes(bytes(raw))


def public_nkey_of(key: Ed25519PrivateKey) -> str:
    body = bytes([nkeys.PREFIX_BYTE_USER]) + key.public_key().public_bytes_raw()
    checksum = int(nkeys.crc16(bytearray(body))).to_bytes(_CRC_BYTES, "little")
    return base64.b32encode(body + checksum).rstrip(b"=").decode()


def raw_public_key(nkey: str) -> bytes:
    """The 32 bytes. Raises ValueError if it is no public nkey or its checksum is wrong."""
    try:
        decoded = base64.b32decode(nkey + "=" * (-len(nkey) % 8))
    except binascii.Error as error:
        raise ValueError("not a public nkey (U…)") from error
    body, checksum = decoded[:-_CRC_BYTES], decoded[-_CRC_BYTES:]
    right = int(nkeys.crc16(bytearray(body))).to_bytes(_CRC_BYTES, "little")
    if len(decoded) != _PUBLIC_BYTES or body[0] != nkeys.PREFIX_BYTE_USER or checksum != right:
        raise ValueError("not a public nkey (U…)")
    return body[1:]
