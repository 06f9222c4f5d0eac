"""The ledger: everything this platform made, makes or removes in a cloud, row by row.

A row is written before the create (INTENDED), completed with the id afterwards (MADE), and outlives the thing as the
delete's report (REMOVED). A crash between call and answer leaves an INTENDED row: the next pass looks the thing up by
mark and name and adopts it, so nothing is made twice; see `steps/observe.py`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from brb_provisioner.openstack.resources import ResourceType
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.infrastructure import (
    InfrastructureDesired,
    InfrastructureObserved,
    MachineState,
    ResourceRef,
)
from brb_shared.reconcile import Lease


class EntryState(StrEnum):
    INTENDED = "intended"
    MADE = "made"
    REMOVING = "removing"
    REMOVED = "removed"
    KEPT = "kept"


@dataclass(frozen=True)
class Slot:
    """One thing a cluster has: `key` is its part in the cluster, `name` its name in the cloud."""

    type: ResourceType
    key: str
    name: str


@dataclass(frozen=True)
class Entry:
    """`written_at`: when the row was last written; None for one that has not been read back yet."""

    slot: Slot
    state: EntryState
    resource_id: str | None = None
    address: str | None = None
    written_at: datetime | None = field(default=None, compare=False)

    @property
    def id(self) -> str:
        """For entries that are known to have one."""
        assert self.resource_id is not None
        return self.resource_id

    @property
    def stands(self) -> bool:
        """There is, or may be, something in the cloud that this platform has to take away again."""
        return self.state in (EntryState.INTENDED, EntryState.MADE, EntryState.REMOVING)

    @property
    def ref(self) -> ResourceRef:
        return ResourceRef(type=self.slot.type, id=self.resource_id or "", name=self.slot.name or self.address or "")


@dataclass(frozen=True)
class Machine:
    """A machine's record. `tries` counts servers that failed under the desired revision `tries_revision`."""

    name: str
    state: MachineState
    host_public_key: str
    host_key_sealed: bytes | None = None
    availability_zone: str | None = None
    evidence: str = ""
    tries: int = 0
    tries_revision: int = 0
    started_at: datetime | None = None
    active_at: datetime | None = None
    reachable_at: datetime | None = None
    replace_at: datetime | None = None


@dataclass(frozen=True)
class Access:
    """Whose credential made the cluster: what break-glass deletion needs when it no longer works."""

    project_id: str
    user_id: str
    application_credential_id: str
    name: str


@dataclass(frozen=True)
class Stored:
    """All that is stored of a cluster."""

    desired: InfrastructureDesired
    revision: int
    observed: InfrastructureObserved | None = None
    access: Access | None = None
    entries: tuple[Entry, ...] = ()
    machines: tuple[Machine, ...] = ()


@dataclass(frozen=True)
class Changes:
    """What one transaction writes."""

    entries: tuple[Entry, ...] = ()
    machines: tuple[Machine, ...] = ()
    gone_machines: tuple[str, ...] = ()
    events: tuple[Happened, ...] = ()
    observed: InfrastructureObserved | None = None
    access: Access | None = None


class Records(Protocol):
    """Where clusters are stored: `repository.py`, or memory in tests."""

    async def load(self, cluster_id: str) -> Stored | None: ...

    async def write(self, cluster_id: str, lease: Lease, changes: Changes) -> None:
        """One transaction, guarded by the lease."""
        ...


@dataclass
class Ledger:
    """A cluster's entries and machines in memory, each change written through before it is believed."""

    cluster_id: str
    lease: Lease
    records: Records
    entries: dict[tuple[ResourceType, str], Entry] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: Stored, lease: Lease, records: Records) -> "Ledger":
        entries = {(entry.slot.type, entry.slot.key): entry for entry in stored.entries}
        machines = {machine.name: machine for machine in stored.machines}
        return cls(stored.desired.cluster_id, lease, records, entries, machines)

    async def write(self, changes: Changes) -> None:
        await self.records.write(self.cluster_id, self.lease, changes)
        self.entries |= {(entry.slot.type, entry.slot.key): entry for entry in changes.entries}
        self.machines |= {machine.name: machine for machine in changes.machines}
        for name in changes.gone_machines:
            self.machines.pop(name, None)

    def get(self, type_: ResourceType, key: str) -> Entry | None:
        return self.entries.get((type_, key))

    def made(self, type_: ResourceType, key: str) -> Entry | None:
        """The entry of what is there, with its id."""
        entry = self.get(type_, key)
        return entry if entry is not None and entry.state is EntryState.MADE else None

    def made_id(self, type_: ResourceType, key: str) -> str | None:
        entry = self.made(type_, key)
        return entry.resource_id if entry else None

    def of_type(self, type_: ResourceType) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.slot.type is type_]

    def claims(self, type_: ResourceType, resource_id: str, name: str) -> bool:
        """True of a marked thing that this ledger has a row for: by id, or by the name it was to be made under."""
        return any(
            entry.resource_id == resource_id or (entry.slot.name == name and entry.state is not EntryState.KEPT)
            for entry in self.of_type(type_)
        )

    async def intend(self, slot: Slot, machine: Machine | None = None) -> None:
        """Write the intention to make it, with the record of its machine if it begins one."""
        entry = Entry(slot, EntryState.INTENDED)
        await self.write(Changes(entries=(entry,), machines=(machine,) if machine else ()))

    async def record(
        self, slot: Slot, resource_id: str, address: str | None = None, event: Happened | None = None
    ) -> Entry:
        """Write that it is there."""
        entry = Entry(slot, EntryState.MADE, resource_id, address)
        if self.get(slot.type, slot.key) != entry:
            await self.write(Changes(entries=(entry,), events=(event,) if event else ()))
        return entry

    async def set_state(self, entry: Entry, state: EntryState, *events: Happened) -> None:
        await self.write(Changes(entries=(replace(entry, state=state),), events=events))
