"""What the certificates stand on: the authority, the zone's TXT records, the servers that answer for the zone.

`acme_authority.py`, `challenges.py` and `answering.py` implement these; tests have others.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from brb_dns.certificates.certificate import Owner


class Status(StrEnum):
    """Of orders, authorizations and challenges. Source: RFC 8555, section 7.1.6."""

    PENDING = "pending"
    READY = "ready"
    PROCESSING = "processing"
    VALID = "valid"
    INVALID = "invalid"
    DEACTIVATED = "deactivated"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Login:
    """The account's private key (PEM) and its URI at the authority."""

    key_pem: bytes
    uri: str


@dataclass(frozen=True)
class OrderSeen:
    """An order as the authority shows it. `error`: why it is invalid; `retry_after_seconds`: when to look again."""

    url: str
    status: Status
    authorizations: tuple[str, ...]
    finalize_url: str
    certificate_url: str | None = None
    error: str = ""
    retry_after_seconds: float | None = None


@dataclass(frozen=True)
class AuthorizationSeen:
    """Its DNS-01 challenge: `proof` is the TXT value to show. `error`: what the authority found instead."""

    url: str
    name: str
    status: Status
    challenge_url: str
    challenge_status: Status
    proof: str
    error: str = ""
    error_type: str = ""


@dataclass(frozen=True)
class RenewalAdvice:
    """When the authority wants it renewed (RFC 9773), and how soon to ask again."""

    renew_at: datetime
    ask_after_seconds: float


class Authority(Protocol):
    """A certificate authority. Every method raises `errors.AuthorityUnavailable`, `RateLimited` or `Refused`."""

    @property
    def directory(self) -> str: ...

    async def caa_identities(self) -> tuple[str, ...]:
        """The names by which CAA records let this authority in; empty: it does not say."""
        ...

    async def register(self, key_pem: bytes) -> str:
        """The account's URI. Idempotent: the same key gives the same account."""
        ...

    async def change_contact(self, login: Login, contact: str) -> None:
        """The mail address that the authority may write to; empty: none. Idempotent. Raises AccountGone."""
        ...

    async def find_order(self, login: Login, names: tuple[str, ...]) -> str | None:
        """The URL of an unfinished order of the account for exactly these names, where the authority lists orders."""
        ...

    async def new_order(self, login: Login, names: tuple[str, ...], replaces: str | None) -> OrderSeen:
        """`replaces`: the certificate (PEM) that this one renews. Raises AccountGone."""
        ...

    async def order(self, login: Login, url: str) -> OrderSeen:
        """Raises OrderGone, AccountGone."""
        ...

    async def authorization(self, login: Login, url: str) -> AuthorizationSeen: ...

    async def answer(self, login: Login, challenge_url: str) -> None:
        """Ask the authority to look at the TXT records now."""
        ...

    async def finalize(self, login: Login, order: OrderSeen, key_pem: bytes, names: tuple[str, ...]) -> None:
        """Send the signing request. One that was sent before is no error."""
        ...

    async def download(self, login: Login, certificate_url: str) -> str:
        """The chain, PEM, leaf first."""
        ...

    async def renewal_advice(self, chain_pem: str, now: datetime) -> RenewalAdvice | None:
        """None: the authority gives none."""
        ...

    async def revoke(self, login: Login, chain_pem: str) -> None:
        """One that is revoked or expired already is no error."""
        ...


class Challenges(Protocol):
    """TXT records of the zone. Names are lower case, without the last dot."""

    async def present(self, name: str, value: str, owner: Owner) -> None:
        """Add a value beside the others there. Idempotent. Raises errors.ProofBlocked."""
        ...

    async def withdraw(self, name: str, value: str) -> None:
        """Idempotent; what is not there is fine."""
        ...


class Answering(Protocol):
    """What the servers of the zone answer, asked over the network as the authority will."""

    async def missing(self, name: str, values: frozenset[str]) -> tuple[str, ...]:
        """The servers that do not show all the values, or do not answer; empty: all show them."""
        ...

    async def caa(self, name: str) -> tuple[tuple[str, str], ...]:
        """The (tag, value) pairs of the CAA records that hold for the name; empty: none, anyone may issue.

        Source: RFC 8659, section 3: the closest ancestor that has any.
        """
        ...
