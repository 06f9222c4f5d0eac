"""What is stored of a certificate and of the one order that may be under way for it. Pure.

An order is written down before it is made (its key, then its URL), and each TXT value before it is published: whatever
a crash leaves behind, at the authority or in the zone, the next pass knows of.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from brb_shared.contracts.conditions import Condition, ErrorCode
from brb_shared.contracts.happened import Severity
from brb_shared.reconcile import Lease


@dataclass(frozen=True)
class Owner:
    """Whose it is: a cluster, in a Keystone project of a cloud."""

    cloud: str
    project_id: str
    cluster_id: str


@dataclass(frozen=True)
class Proof:
    """A TXT value that shows control of a name."""

    name: str
    value: str


@dataclass(frozen=True)
class Order:
    """`key_sealed`: the future certificate's private key. `url` None: intended, no answer from the authority yet.

    `answered`: URLs of the challenges that the authority was asked to look at.
    """

    directory: str
    key_sealed: bytes
    began_at: datetime
    url: str | None = None
    replaces: str | None = None
    proofs: tuple[Proof, ...] = ()
    answered: tuple[str, ...] = ()


@dataclass(frozen=True)
class Issued:
    """`renew_at` is chosen once for each answer of the authority's renewal information; `ask_at`: when to ask again."""

    directory: str
    fullchain_pem: str
    key_sealed: bytes
    serial: str
    not_before: datetime
    not_after: datetime
    renew_at: datetime
    ask_at: datetime


@dataclass(frozen=True)
class Certificate:
    """`held_until`: a pause that the authority asked for; `retry_at`: one of our own, which a retry ends."""

    id: str
    name: str
    owner: Owner
    address: str
    project: str
    wanted: bool = True
    generation: int = 1
    asked: int = 0
    seen: int = 0
    issued: Issued | None = None
    order: Order | None = None
    failures: int = 0
    retry_at: datetime | None = None
    held_until: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    created_at: datetime | None = field(default=None, compare=False)

    @property
    def names(self) -> tuple[str, str]:
        """The subject's names: everything under the project's name, and that name."""
        return (f"*.{self.name}", self.name)

    @property
    def is_retried(self) -> bool:
        """Somebody asked for it again since the last pass that looked."""
        return self.asked > self.seen

    def paused_until(self, now: datetime) -> datetime | None:
        pauses = [pause for pause in (self.retry_at, self.held_until) if pause is not None and pause > now]
        return max(pauses, default=None)

    def with_order(self, **changes: object) -> "Certificate":
        assert self.order is not None
        return replace(self, order=replace(self.order, **changes))  # type: ignore[arg-type]  # dataclasses.replace


class Attempt(StrEnum):
    """What is counted: for the authority's limits, and for metrics."""

    ORDERED = "ordered"
    ISSUED = "issued"
    RENEWED = "renewed"
    FAILED = "failed"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Event:
    """One line of the timeline."""

    reason: str
    message: str
    severity: Severity = Severity.NORMAL
    code: ErrorCode | None = None


@dataclass(frozen=True)
class Count:
    """One more attempt at an authority."""

    attempt: Attempt
    directory: str


@dataclass(frozen=True)
class Account:
    """Our account at an authority. `uri` None: the key is there, the registration is not known to be.

    `contact`: the mail address that the authority has, empty for none; None: not known.
    """

    directory: str
    key_sealed: bytes
    uri: str | None = None
    held_until: datetime | None = None
    contact: str | None = None


@dataclass(frozen=True)
class Since:
    """Which attempts a limit counts: of these kinds, of one name, of one registered domain, or of the whole account."""

    attempts: tuple[Attempt, ...]
    after: datetime
    name: str | None = None
    registered_domain: str | None = None
    directory: str | None = None


@dataclass(frozen=True)
class Figures:
    """`expiries`: (name, not after). `states`: how many wanted, issued, failing. `tallies`: how often each attempt."""

    expiries: tuple[tuple[str, datetime], ...] = ()
    states: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, int] = field(default_factory=dict)


class Records(Protocol):
    """Where certificates are stored: `repository.py`, or memory in tests."""

    async def load(self, certificate_id: str) -> Certificate | None: ...

    async def write(self, certificate: Certificate, lease: Lease, *told: Event | Count) -> None:
        """One transaction, guarded by the lease. `wanted`, `generation` and `asked` are the API's to write."""
        ...

    async def forget(self, certificate: Certificate, lease: Lease) -> None: ...

    async def load_account(self, directory: str) -> Account | None: ...

    async def add_account(self, account: Account) -> Account:
        """Keep it unless there is one for its directory already; the one that is there then."""
        ...

    async def change_account(self, account: Account) -> None: ...

    async def nth_latest(self, counted: Since, number: int) -> datetime | None:
        """When the number-th latest (from 1) of the counted attempts was; None: there are fewer."""
        ...
