"""Identifiers. Ids identify, names never do.

An id is a kind prefix and 10 random characters of Crockford's base 32 in lower case (50 bits): short enough to stand
in a server name (a DNS label of at most 63 characters) and a NATS subject token.
"""

import secrets
from typing import NewType

ClusterId = NewType("ClusterId", str)
CredentialId = NewType("CredentialId", str)
CloudId = NewType("CloudId", str)
UserId = NewType("UserId", str)
ProjectId = NewType("ProjectId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 10


def new_id(prefix: str) -> str:
    """A fresh id such as `c-7k3m9q2x1v`."""
    return f"{prefix}-{''.join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))}"


def new_cluster_id() -> ClusterId:
    return ClusterId(new_id("c"))
