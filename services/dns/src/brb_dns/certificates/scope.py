"""What a pass works with."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from brb_dns.certificates.certificate import Certificate, Count, Event, Order, Records
from brb_dns.certificates.errors import certificates_off
from brb_dns.certificates.ports import Answering, Authority, Challenges, Login, OrderSeen
from brb_dns.certificates.settings import AcmeSettings
from brb_shared.reconcile import Lease, ReconcileError
from brb_shared.secrets import Keyring


@dataclass(frozen=True)
class Equipment:
    """The same for all passes. `jitter` gives a number in [0, 1). `authority` None: certificates are off."""

    settings: AcmeSettings
    records: Records
    challenges: Challenges
    answering: Answering
    keyring: Keyring
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    authority: Authority | None = None

    def require_authority(self) -> Authority:
        """Raises CertificatesOff."""
        if self.authority is None:
            raise certificates_off()
        return self.authority


@dataclass
class Scope:
    """One pass over one certificate. `began_order`: the intention to order is of this pass, nobody can have it yet."""

    certificate: Certificate
    lease: Lease
    equipment: Equipment
    began_order: bool = False
    login_: Login | None = None
    seen: OrderSeen | None = None

    @property
    def settings(self) -> AcmeSettings:
        return self.equipment.settings

    @property
    def records(self) -> Records:
        return self.equipment.records

    @property
    def authority(self) -> Authority:
        return self.equipment.require_authority()

    @property
    def now(self) -> datetime:
        return self.equipment.now()

    @property
    def login(self) -> Login:
        assert self.login_ is not None
        return self.login_

    @property
    def order(self) -> Order:
        assert self.certificate.order is not None
        return self.certificate.order

    @property
    def poll_interval(self) -> timedelta:
        """How soon to look again: a twentieth of the order's age, at least the settings' interval, at most a minute."""
        age = self.now - self.order.began_at
        return max(self.settings.acme_poll_interval, min(age / 20, LONGEST_POLL))

    async def save(self, *told: Event | Count, **changes: Any) -> None:
        """Written through before it is believed."""
        changed = replace(self.certificate, **changes)
        await self.records.write(changed, self.lease, *told)
        self.certificate = changed

    async def save_order(self, *told: Event | Count, **changes: Any) -> None:
        await self.save(*told, order=replace(self.order, **changes))

    def seal_key(self, key_pem: bytes) -> bytes:
        tenant, obj = self.certificate.owner.project_id, self.certificate.id
        return self.equipment.keyring.seal(key_pem, tenant=tenant, obj=obj, field=PRIVATE_KEY)

    def open_key(self, sealed: bytes) -> bytes:
        tenant, obj = self.certificate.owner.project_id, self.certificate.id
        return self.equipment.keyring.open(sealed, tenant=tenant, obj=obj, field=PRIVATE_KEY)


PRIVATE_KEY = "private_key"
LONGEST_POLL = timedelta(minutes=1)


@dataclass(frozen=True)
class Waiting:
    """The pass ends: come back after `after`. `message` None: the conditions say it already. `error`: what failed."""

    after: timedelta
    reason: str
    message: str | None = None
    error: ReconcileError | None = None

    @classmethod
    def after_error(cls, error: ReconcileError, pause: timedelta) -> "Waiting":
        return cls(pause, type(error).__name__, error.message, error)


@dataclass(frozen=True)
class Current:
    """Nothing to do until `until`."""

    until: datetime


StepResult = Waiting | Current | None
Step = Callable[[Scope], Awaitable[StepResult]]
