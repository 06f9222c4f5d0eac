"""How entries are chained: each hash covers its entry, its number and the hash before it. Pure.

    hash(n) = sha256( hash(n-1) ‖ canonical JSON of {"entry": …, "seq": n} ),   hash(0) = 32 zero bytes

Canonical: UTF-8, keys sorted, no blanks, no escapes beyond JSON's own; entries hold only text, whole numbers, objects
and lists, for which this agrees with RFC 8785 as long as keys are ASCII. The command line has a verifier of its own.
"""

import hashlib
import json
from typing import Any

GENESIS = bytes(32)


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def chain_hash(previous: bytes, seq: int, entry: dict[str, Any]) -> bytes:
    return hashlib.sha256(previous + canonical({"seq": seq, "entry": entry})).digest()
