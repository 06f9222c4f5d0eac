"""What the steps of one pass over one cluster work with."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from brb_provisioner.ledger import Access, Ledger, Slot, Stored
from brb_provisioner.machines import MachinePlan, machine_plans
from brb_provisioner.openstack.cloud import Cloud
from brb_provisioner.openstack.resources import Flavor, Image, Quotas, ResourceType
from brb_provisioner.probes import Probe
from brb_provisioner.settings import ProvisionerSettings
from brb_provisioner.steps.once import Once
from brb_provisioner.steps.results import PassIsOver
from brb_provisioner.steps.seen import Seen
from brb_shared.clouds import Cloud as RegisteredCloud
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.happened import Happened, Severity
from brb_shared.contracts.ids import CloudId, ClusterId
from brb_shared.contracts.infrastructure import (
    InfrastructureDesired,
    InfrastructureOutputs,
    ResourceRef,
)
from brb_shared.contracts.registry import Service
from brb_shared.secrets import Keyring

_SOON = timedelta(minutes=1)
_SLOWER = 4
_LATEST_BEGINNING = timedelta(seconds=25)


class Clouds(Protocol):
    """The way into the clouds."""

    def registered(self, cloud_id: CloudId) -> RegisteredCloud:
        """Raises Misconfigured when this platform does not know the cloud (any more)."""
        ...

    async def cluster_access(self, desired: InfrastructureDesired) -> tuple[Cloud, Access]:
        """Through the cluster's own credential, fetched from the hub. Raises Unauthenticated when it is gone."""
        ...

    async def operator_access(self, cloud_id: CloudId, project_id: str) -> Cloud | None:
        """Through the operator's access to that cloud, in that project. None: the cloud has none configured."""
        ...

    def forget(self, cluster_id: ClusterId) -> None:
        """Drop what is kept open for it."""
        ...


@dataclass(frozen=True)
class Equipment:
    """What a process has for all its passes."""

    settings: ProvisionerSettings
    clouds: Clouds
    keyring: Keyring
    user_ca: str
    probe: Probe
    now: Callable[[], datetime]


@dataclass(frozen=True)
class Names:
    """Names in the cloud, and the mark that says whose a thing is."""

    cluster_id: str
    base: str

    @classmethod
    def of(cls, desired: InfrastructureDesired) -> "Names":
        return cls(desired.cluster_id, f"{desired.cluster_name}-{desired.cluster_id.removeprefix('c-')}")

    @property
    def mark(self) -> str:
        return f"brb:cluster={self.cluster_id}"

    @property
    def server_group(self) -> str:
        return f"{self.base}-control-plane"

    def slot(self, type_: ResourceType, key: str = "main") -> Slot:
        """The slot of what there is one of (`key` main) or a few of."""
        return Slot(type_, key, self.base if key == "main" else f"{self.base}-{key}")


@dataclass
class Scope:
    """One pass. `outputs` holds only what the ledger does not; `failures` counts passes in error before this one.

    `goes_on`: an earlier pass has looked at everything, and the ledger is believed as far as nothing is waited for.
    """

    stored: Stored
    ledger: Ledger
    cloud: Cloud
    access: Access
    equipment: Equipment
    seen: Seen
    outputs: InfrastructureOutputs
    began_at: datetime
    slots: asyncio.Semaphore
    failures: int = 0
    waiting_since: datetime | None = None
    goes_on: bool = False
    is_break_glass: bool = False
    flavors: Once[Flavor] = field(default_factory=Once)
    images: Once[Image] = field(default_factory=Once)
    quotas: Once[Quotas] = field(default_factory=Once)
    subnet_cidr: str = ""
    vip_port_id: str | None = None
    remaining: tuple[ResourceRef, ...] = ()

    @property
    def desired(self) -> InfrastructureDesired:
        return self.stored.desired

    @property
    def settings(self) -> ProvisionerSettings:
        return self.equipment.settings

    @property
    def registered(self) -> RegisteredCloud:
        return self.equipment.clouds.registered(self.desired.cloud)

    @property
    def names(self) -> Names:
        return Names.of(self.desired)

    @property
    def now(self) -> datetime:
        return self.equipment.now()

    @property
    def machines(self) -> list[MachinePlan]:
        return machine_plans(self.desired)

    @property
    def poll_interval(self) -> timedelta:
        """How soon to look again at what is building: what takes longer than a minute is looked at less often."""
        is_slow = self.waiting_since is not None and self.now - self.waiting_since > _SOON
        return self.settings.poll_interval * (_SLOWER if is_slow else 1)

    @property
    def is_initialized(self) -> bool:
        return self.stored.observed is not None and self.stored.observed.initialized

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn to make or remove something: so many at a time. Raises PassIsOver when the pass is half over."""
        async with self.slots:
            if self.now - self.began_at > _LATEST_BEGINNING:
                raise PassIsOver
            yield

    def happened(
        self, reason: str, message: str, *, machine: str | None = None, code: ErrorCode | None = None
    ) -> Happened:
        return Happened(
            cluster_id=self.desired.cluster_id,
            project_id=self.access.project_id,
            source=Service.PROVISIONER.value,
            stage="infrastructure",
            reason=reason,
            message=message,
            severity=Severity.WARNING if code else Severity.NORMAL,
            machine=machine,
            code=code,
        )
