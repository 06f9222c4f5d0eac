"""The hub controller: load a cluster and its stages, plan, and write what follows in one transaction.

Steps 3 to 5 of the flow. It makes outside calls only at the very end of a delete: the cluster's own credential is taken
out of Keystone, which no other service does, and then authz hears that the cluster is gone.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.authorization.authz import Authz
from brb_api_gateway.clusters import repository
from brb_api_gateway.clusters.conditions import HubError
from brb_api_gateway.clusters.flow import STAGES, Plan, plan
from brb_api_gateway.clusters.hub import store_status, tell, tell_changed
from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.clusters.report import CredentialEnd, credential_ref, deletion_report
from brb_api_gateway.clusters.schemas import ClusterState
from brb_api_gateway.clusters.spec import ClusterSpec
from brb_api_gateway.clusters.status import GRACE, StoredStatus
from brb_api_gateway.clusters.timeline import ChangeType, record_change
from brb_api_gateway.clusters.view import cluster_snapshot, cluster_view, world
from brb_api_gateway.clusters.world import StageName, Stages, World
from brb_api_gateway.credentials import repository as credentials
from brb_api_gateway.credentials.removal import CredentialRemoval
from brb_api_gateway.database import Work
from brb_shared.contracts.conditions import Condition, ConditionType, find_condition
from brb_shared.contracts.desired import Desired
from brb_shared.contracts.ids import ClusterId
from brb_shared.database import Database
from brb_shared.messaging import Outbox
from brb_shared.reconcile import Absent, Again, Lease, ReconcileError, Result, Settled, wake

_RECHECK = timedelta(minutes=5)
_KINDS = {stage.name: stage.desired for stage in STAGES}


class ClusterController:
    def __init__(
        self, database: Database, outbox: Outbox, removal: CredentialRemoval, stages: Stages, authz: Authz
    ) -> None:
        """`stages`: those that the platform offers."""
        self._database = database
        self._outbox = outbox
        self._removal = removal
        self._stages = stages
        self._authz = authz

    async def reconcile(self, cluster_id: str, lease: Lease) -> Result:
        async with self._database.sessions.begin() as session:
            row = await _lock(session, cluster_id, lease)
            if row is None:
                return Absent()
            if row.deleted_at is not None:
                return await self._take_back_access(row.id)
            decided = await self._advance(session, row)
            waits = StoredStatus.model_validate(row.status).waits_for_grace
        if not decided.finished:
            return Settled(recheck_after=GRACE if waits else _RECHECK)
        await self._finish(cluster_id, lease)
        return Again(timedelta(), "AccessToTakeBack")

    async def _take_back_access(self, cluster_id: str) -> Result:
        """After everybody heard of the end: then nobody holds anything in it any more. Raises TransientError."""
        await self._authz.remove_cluster(ClusterId(cluster_id))
        return Absent()

    async def report(self, cluster_id: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        """The hub's own failure: condition Ready says it; the next pass that succeeds takes it back."""
        async with self._database.sessions.begin() as session:
            row = await _lock(session, cluster_id, lease)
            if row is not None and row.deleted_at is None:
                told = HubError(error.code, error.message, error.user_fixable)
                await self._write_status(session, row, await _load_world(session, cluster_id), told)

    async def _advance(self, session: AsyncSession, row: ClusterRow) -> Plan:
        """Send the documents that changed, then write the status of the world as it is after that."""
        before = await _load_world(session, row.id)
        decided = plan(cluster_snapshot(row, self._stages), before)
        for stage, document in decided.desired.items():
            await self._ask(session, row, stage, document, before)
        after = World(asked={**before.asked, **decided.desired}, seen=before.seen)
        await self._write_status(session, row, after)
        await self._drop_replaced_credentials(session, row)
        return decided

    async def _drop_replaced_credentials(self, session: AsyncSession, row: ClusterRow) -> None:
        """Once every stage works with the new one: the workers fetch it when they take up the new generation."""
        if StoredStatus.model_validate(row.status).done_generation < row.generation:
            return
        current = ClusterSpec.model_validate(row.spec).cloud_credential_id
        for credential_id in await credentials.mark_replaced(session, row.id, current):
            await wake(session, Work, credential_id)

    async def _ask(
        self, session: AsyncSession, row: ClusterRow, stage: StageName, document: Desired, world: World
    ) -> None:
        asked = world.asked.get(stage)
        if asked is not None and asked.document() == document.document():
            return
        revision = await repository.store_asked(session, row.id, stage, document.document())
        await self._outbox.add(
            session,
            _KINDS[stage],
            document,
            cluster_id=row.id,
            revision=revision,
            generation=document.generation,
            correlationid=row.id,
        )

    async def _write_status(
        self, session: AsyncSession, row: ClusterRow, world: World, error: HubError | None = None
    ) -> None:
        """Watchers and the timeline hear of it only if something changed."""
        before, after = store_status(row, world, self._stages, error)
        if before == after:
            return
        await tell_changed(session, row)
        await self._tell_transition(session, row, before, after)

    async def _tell_transition(
        self, session: AsyncSession, row: ClusterRow, before: StoredStatus, after: StoredStatus
    ) -> None:
        if before.state is after.state:
            return
        match after.state:
            case ClusterState.READY:
                await tell(session, self._outbox, row, "ClusterReady", _ready_sentence(row, after))
            case ClusterState.ERROR | ClusterState.DEGRADED:
                ready = find_condition(after.conditions, ConditionType.READY)
                await self._tell_trouble(session, row, after.state, ready)

    async def _tell_trouble(
        self, session: AsyncSession, row: ClusterRow, state: ClusterState, ready: Condition | None
    ) -> None:
        message, code = (ready.message, ready.code) if ready is not None else ("", None)
        await tell(session, self._outbox, row, f"Cluster{state}", message, code=code)

    async def _finish(self, cluster_id: str, lease: Lease) -> None:
        """The credential goes, then the row becomes a record. Raises TransientError while Keystone does not answer."""
        ends = await self._remove_credentials(cluster_id)
        async with self._database.sessions.begin() as session:
            row = await _lock(session, cluster_id, lease)
            assert row is not None
            await self._archive(session, row, ends)

    async def _remove_credentials(self, cluster_id: str) -> list[CredentialEnd]:
        """Those made for this cluster. One that was named in the spec is the user's."""
        async with self._database.sessions() as session:
            rows = await credentials.of_cluster(session, cluster_id)
        return [CredentialEnd(credential_ref(row), await self._removal.remove(row)) for row in rows]

    async def _archive(self, session: AsyncSession, row: ClusterRow, ends: Sequence[CredentialEnd]) -> None:
        now = datetime.now(UTC)
        report = deletion_report(row, await _load_world(session, row.id), ends).model_copy(update={"finished_at": now})
        row.deletion_report = report.model_dump(mode="json")
        row.deleted_at = row.finished_at = now
        await credentials.remove_of_cluster(session, row.id)
        await repository.forget_stages(session, row.id)
        text = f"{len(report.removed)} things removed from the cloud, {len(report.remaining)} left"
        await tell(session, self._outbox, row, "ClusterDeleted", text)
        await record_change(session, row, ChangeType.DELETED, cluster_view(row).model_dump(mode="json"))


async def _lock(session: AsyncSession, cluster_id: str, lease: Lease) -> ClusterRow | None:
    """The cluster's row first, its work row last: as whoever changes a cluster and wakes it. Raises LeaseLost."""
    row = await repository.find(session, cluster_id, lock=True)
    await lease.guard(session)
    return row


async def _load_world(session: AsyncSession, cluster_id: str) -> World:
    return world(await repository.asked(session, cluster_id), await repository.seen(session, cluster_id))


def _ready_sentence(row: ClusterRow, status: StoredStatus) -> str:
    seconds = ((row.finished_at or datetime.now(UTC)) - row.started_at).total_seconds()
    return f"{len(status.machines)} nodes, Kubernetes {status.kubernetes_version}, after {seconds:.0f} s"
