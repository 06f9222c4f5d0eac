"""What binds the end of a sign-in to its beginning. Source: RFC 7636; OpenID Connect Core 1.0, 15.5.2."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass


@dataclass(frozen=True)
class Attempt:
    """`state` comes back with the browser, `nonce` in the ID token; `verifier` is shown when the code is exchanged."""

    state: str
    nonce: str
    verifier: str


def new_attempt() -> Attempt:
    return Attempt(new_secret(), new_secret(), new_secret())


def new_secret() -> str:
    """256 random bits, 43 characters."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """Method S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def answers(verifier: str, challenge: str) -> bool:
    return hmac.compare_digest(challenge_of(verifier).encode(), challenge.encode())
