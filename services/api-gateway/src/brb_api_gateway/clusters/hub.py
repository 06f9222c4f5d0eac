"""Writes that the API and the controller share: a cluster's status, its timeline, its watchers."""

import uuid
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.clusters.conditions import HubError
from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.clusters.schemas import ClusterState
from brb_api_gateway.clusters.status import StoredStatus, render_status
from brb_api_gateway.clusters.timeline import ChangeType, record_change, record_event
from brb_api_gateway.clusters.view import cluster_snapshot
from brb_api_gateway.clusters.world import Stages, World
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.happened import Happened, Severity
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import CLUSTER_HAPPENED, Service
from brb_shared.messaging import Outbox


def store_status(
    row: ClusterRow, world: World, stages: Stages, error: HubError | None = None
) -> tuple[StoredStatus, StoredStatus]:
    """Render the status into the row; the one before and the new one. `stages`: those that the platform offers."""
    before = StoredStatus.model_validate(row.status)
    status = render_status(cluster_snapshot(row, stages), world, before, datetime.now(UTC), error)
    row.status, row.state = status.document(), status.state
    if status.state is ClusterState.READY and row.finished_at is None:
        row.finished_at = datetime.now(UTC)
    return before, status


def begin(row: ClusterRow) -> None:
    """A new generation: its clock starts now."""
    row.started_at, row.finished_at = datetime.now(UTC), None


async def tell(
    session: AsyncSession,
    outbox: Outbox,
    row: ClusterRow,
    reason: str,
    message: str,
    *,
    code: ErrorCode | None = None,
) -> None:
    """To the timeline's table, and to subscribers of HAPPENED."""
    happened = Happened(
        cluster_id=ClusterId(row.id),
        project_id=row.project_id,
        source=Service.API_GATEWAY,
        stage="cluster",
        reason=reason,
        message=message,
        severity=Severity.WARNING if code else Severity.NORMAL,
        code=code,
    )
    await record_event(session, row, str(uuid.uuid4()), happened)
    await outbox.happen(session, CLUSTER_HAPPENED, happened, generation=row.generation)


async def tell_changed(session: AsyncSession, row: ClusterRow, type_: ChangeType = ChangeType.MODIFIED) -> None:
    await record_change(session, row, type_)
