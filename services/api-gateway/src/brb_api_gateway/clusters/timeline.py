"""The timeline and the changes that watchers are told of. SQL only; webhooks are told in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.clusters.models import ChangeRow, ClusterRow, EventRow
from brb_api_gateway.database import SCHEMA
from brb_api_gateway.webhooks.fanout import enqueue_deliveries
from brb_shared.contracts.happened import Happened
from brb_shared.database import notification

CHANGES_CHANNEL = f"brb_{SCHEMA}_changes"


class ChangeType(StrEnum):
    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"
    HAPPENED = "HAPPENED"


async def record_event(session: AsyncSession, cluster: ClusterRow, event_id: str, happened: Happened) -> bool:
    """Add to the timeline, for watchers and webhooks too. False if this message is there already."""
    document = happened.model_copy(update={"project_id": cluster.project_id}).document()
    statement = insert(EventRow).values(id=event_id, cluster_id=cluster.id, document=document)
    added = statement.on_conflict_do_nothing(index_elements=["id"]).returning(EventRow.seq)
    if (await session.execute(added)).scalar_one_or_none() is None:
        return False
    await record_change(session, cluster, ChangeType.HAPPENED, {"id": event_id, **document})
    await enqueue_deliveries(session, cluster.cloud, cluster.project_id, event_id, document)
    return True


async def record_change(
    session: AsyncSession, cluster: ClusterRow, type_: ChangeType, document: dict[str, Any] | None = None
) -> None:
    """`document` only where the row cannot tell it later: an event, or a cluster that is gone."""
    statement = insert(ChangeRow).values(
        cloud=cluster.cloud, project_id=cluster.project_id, cluster_id=cluster.id, type=type_, document=document
    )
    await session.execute(statement.returning(notification(CHANGES_CHANNEL)))


async def list_events(session: AsyncSession, cluster_id: str, *, after: int, limit: int) -> Sequence[EventRow]:
    query = select(EventRow).where(EventRow.cluster_id == cluster_id, EventRow.seq > after)
    return (await session.scalars(query.order_by(EventRow.seq).limit(limit))).all()


async def remove_events(session: AsyncSession, cluster_ids: Sequence[str]) -> None:
    await session.execute(delete(EventRow).where(EventRow.cluster_id.in_(cluster_ids)))


async def remove_changes(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(ChangeRow).where(ChangeRow.at < before))
