"""All SQL of the provisioner."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_provisioner.ledger import Access, Changes, Entry, EntryState, Machine, Slot, Stored
from brb_provisioner.models import DesiredRow, LedgerRow, MachineRow, ObservedRow, Outbox, Work
from brb_provisioner.openstack.resources import ResourceType
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.infrastructure import InfrastructureDesired, InfrastructureObserved, MachineState
from brb_shared.contracts.registry import INFRASTRUCTURE_HAPPENED, INFRASTRUCTURE_OBSERVED, Service
from brb_shared.database import Database, upsert_if_newer
from brb_shared.messaging import Outbox as OutboxWriter
from brb_shared.reconcile import Lease, wake

RESYNC_AGE = timedelta(days=7)

_outbox = OutboxWriter(Outbox, Service.PROVISIONER)


class Repository:
    """Implements `ledger.Records`; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store_desired(self, envelope: Envelope[InfrastructureDesired]) -> bool:
        """Keep it if it is newer than what is there, and wake the loop. True if it was newer."""
        desired = envelope.data
        values = {"document": desired.document(), "updated_at": datetime.now(UTC)}
        async with self._database.sessions.begin() as session:
            key = {"cluster_id": desired.cluster_id}
            newer = await upsert_if_newer(session, DesiredRow, key=key, revision=envelope.revision, values=values)
            if newer:
                await wake(session, Work, desired.cluster_id, forget_failures=True)
        return newer

    async def load(self, cluster_id: str) -> Stored | None:
        async with self._database.sessions() as session:
            desired = await session.get(DesiredRow, cluster_id)
            if desired is None:
                return None
            observed = await session.get(ObservedRow, cluster_id)
            entries = (await session.scalars(select(LedgerRow).where(LedgerRow.cluster_id == cluster_id))).all()
            machines = (await session.scalars(select(MachineRow).where(MachineRow.cluster_id == cluster_id))).all()
        return Stored(
            desired=InfrastructureDesired.model_validate(desired.document),
            revision=desired.revision,
            observed=_observed(observed),
            access=Access(**observed.access) if observed and observed.access else None,
            entries=tuple(_entry(row) for row in entries),
            machines=tuple(_machine(row) for row in machines),
        )

    async def entries(self, cluster_id: str) -> tuple[Entry, ...]:
        query = select(LedgerRow).where(LedgerRow.cluster_id == cluster_id).order_by(LedgerRow.type, LedgerRow.key)
        async with self._database.sessions() as session:
            return tuple(_entry(row) for row in (await session.scalars(query)).all())

    async def write(self, cluster_id: str, lease: Lease, changes: Changes) -> None:
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            await _write_entries(session, cluster_id, changes.entries)
            await _write_machines(session, cluster_id, changes.machines)
            await _forget_machines(session, cluster_id, changes.gone_machines)
            await _write_access(session, cluster_id, changes.access)
            await _publish(session, cluster_id, changes.observed)
            await _tell(session, changes.events)

    async def resync(self) -> None:
        """Put every current observed state into the outbox again, with a new revision. For after a loss of NATS."""
        async with self._database.sessions.begin() as session:
            for row in (await session.scalars(_current())).all():
                observed = _observed(row)
                if observed is not None:
                    await _publish(session, row.cluster_id, observed)


def _current() -> Select[ObservedRow]:
    """What stands, and what was deleted lately: the hub keeps the reports of older deletes itself."""
    lately = ObservedRow.updated_at > func.now() - RESYNC_AGE
    present = ObservedRow.document["presence"].astext == "present"
    return select(ObservedRow).where(or_(present, lately)).with_for_update()


async def _write_entries(session: AsyncSession, cluster_id: str, entries: tuple[Entry, ...]) -> None:
    for entry in entries:
        slot = entry.slot
        key = {"cluster_id": cluster_id, "type": slot.type.value, "key": slot.key}
        values: dict[str, Any] = {"name": slot.name, "state": entry.state.value, "resource_id": entry.resource_id}
        values |= {"address": entry.address, "updated_at": datetime.now(UTC)}
        await _upsert(session, LedgerRow, key, values)


async def _write_machines(session: AsyncSession, cluster_id: str, machines: tuple[Machine, ...]) -> None:
    for machine in machines:
        values = asdict(machine) | {"state": machine.state.value}
        await _upsert(session, MachineRow, {"cluster_id": cluster_id, "name": values.pop("name")}, values)


async def _forget_machines(session: AsyncSession, cluster_id: str, names: tuple[str, ...]) -> None:
    if names:
        mine = MachineRow.cluster_id == cluster_id
        await session.execute(delete(MachineRow).where(mine, MachineRow.name.in_(names)))


async def _write_access(session: AsyncSession, cluster_id: str, access: Access | None) -> None:
    if access is not None:
        await _upsert(session, ObservedRow, {"cluster_id": cluster_id}, {"access": asdict(access)})


async def _publish(session: AsyncSession, cluster_id: str, observed: InfrastructureObserved | None) -> None:
    """Store it and put it into the outbox under the next revision."""
    if observed is None:
        return
    values = {"document": observed.document(), "updated_at": datetime.now(UTC)}
    statement = insert(ObservedRow).values(cluster_id=cluster_id, revision=1, **values)
    newest = statement.on_conflict_do_update(
        index_elements=["cluster_id"], set_={**values, "revision": ObservedRow.revision + 1}
    ).returning(ObservedRow.revision)
    revision = (await session.execute(newest)).scalar_one()
    await _outbox.add(
        session,
        INFRASTRUCTURE_OBSERVED,
        observed,
        cluster_id=cluster_id,
        revision=revision,
        generation=observed.observed_generation,
    )


async def _tell(session: AsyncSession, events: tuple[Happened, ...]) -> None:
    for event in events:
        await _outbox.happen(session, INFRASTRUCTURE_HAPPENED, event)


async def _upsert(session: AsyncSession, model: type[Any], key: dict[str, Any], values: dict[str, Any]) -> None:
    statement = insert(model).values(**key, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def _observed(row: ObservedRow | None) -> InfrastructureObserved | None:
    return InfrastructureObserved.model_validate(row.document) if row is not None and row.document else None


def _entry(row: LedgerRow) -> Entry:
    slot = Slot(ResourceType(row.type), row.key, row.name)
    return Entry(slot, EntryState(row.state), row.resource_id, row.address, row.updated_at)


def _machine(row: MachineRow) -> Machine:
    return Machine(
        name=row.name,
        state=MachineState(row.state),
        host_public_key=row.host_public_key,
        host_key_sealed=row.host_key_sealed,
        availability_zone=row.availability_zone,
        evidence=row.evidence,
        tries=row.tries,
        tries_revision=row.tries_revision,
        started_at=row.started_at,
        active_at=row.active_at,
        reachable_at=row.reachable_at,
        replace_at=row.replace_at,
    )
