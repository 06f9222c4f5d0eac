"""SQL of the desired and observed state and of runs, as functions in the caller's transaction.

What passes write down is in `sql_records.py`.
"""

from collections.abc import Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from brb_installer.cluster import Cluster
from brb_installer.models import SCHEMA, ClusterRow, MachineRow, RunRow, WorkRow
from brb_installer.rows import to_cluster
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesObserved
from brb_shared.contracts.registry import KUBERNETES_OBSERVED
from brb_shared.database import Database, upsert_if_newer
from brb_shared.messaging import Outbox
from brb_shared.reconcile import wake


async def lock_cluster(session: AsyncSession, cluster_id: str) -> None:
    """One writer of a cluster at a time, until the transaction ends.

    Passes of a cluster and its machines lock their own work row and then wake each other: without this they could
    wait for each other in a circle.
    """
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{SCHEMA}/{cluster_id}"))))


def machine_key(cluster_id: ClusterId, machine: str) -> str:
    return f"{cluster_id}/{machine}"


async def store_desired(session: AsyncSession, envelope: Envelope[KubernetesDesired]) -> bool:
    """True if it is newer than what is stored. Wakes the cluster's work then."""
    desired = envelope.data
    await lock_cluster(session, desired.cluster_id)
    stored = await upsert_if_newer(
        session,
        ClusterRow,
        key={"cluster_id": desired.cluster_id},
        revision=envelope.revision,
        values={"desired": desired.document()},
    )
    if stored:
        await wake(session, WorkRow, desired.cluster_id, forget_failures=True)
    return stored


async def load_cluster(session: AsyncSession, cluster_id: ClusterId) -> Cluster | None:
    row = await session.get(ClusterRow, cluster_id)
    if row is None:
        return None
    its_own = (RunRow.cluster_id == MachineRow.cluster_id, RunRow.machine == MachineRow.name)
    open_run = and_(*its_own, RunRow.ended_at.is_(None))
    machines = select(MachineRow, RunRow).outerjoin(RunRow, open_run).where(MachineRow.cluster_id == cluster_id)
    return to_cluster(row, [(machine, run) for machine, run in await session.execute(machines)])


async def publish_observed(
    session: AsyncSession, outbox: Outbox, observed: KubernetesObserved, *, again: bool = False
) -> None:
    """Store it and put it into the outbox, unless the same was sent before and is not wanted `again`."""
    row = await session.get_one(ClusterRow, observed.cluster_id, with_for_update=True)
    if row.observed == observed.document() and not again:
        return
    row.observed = observed.document()
    row.observed_revision += 1
    await session.flush()
    await outbox.add(
        session,
        KUBERNETES_OBSERVED,
        observed,
        cluster_id=observed.cluster_id,
        revision=row.observed_revision,
        generation=observed.observed_generation,
    )


async def publish_all(database: Database, outbox: Outbox) -> None:
    """Put every cluster's last observed state into the outbox again: NATS may have lost it."""
    async with database.sessions() as session:
        known = await session.scalars(select(ClusterRow.cluster_id).where(ClusterRow.observed.is_not(None)))
        cluster_ids = known.all()
    for cluster_id in cluster_ids:
        async with database.sessions.begin() as session:
            row = await session.get_one(ClusterRow, cluster_id, with_for_update=True)
            await publish_observed(session, outbox, KubernetesObserved.model_validate(row.observed), again=True)


async def list_runs(session: AsyncSession, cluster_id: str, limit: int) -> Sequence[RunRow]:
    """Newest first."""
    mine = select(RunRow).where(RunRow.cluster_id == cluster_id)
    return (await session.scalars(mine.order_by(RunRow.started_at.desc(), RunRow.id).limit(limit))).all()


async def find_run(session: AsyncSession, cluster_id: str, run_id: str) -> RunRow | None:
    mine = select(RunRow).where(RunRow.cluster_id == cluster_id, RunRow.id == run_id)
    return (await session.scalars(mine.options(undefer(RunRow.output)))).one_or_none()
