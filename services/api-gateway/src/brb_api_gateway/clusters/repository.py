"""SQL of clusters and their stages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ARRAY, ColumnElement, Text, any_, cast, delete, literal, literal_column, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from brb_api_gateway.clusters.models import AskedRow, ClusterRow, IdempotencyRow, SeenRow
from brb_api_gateway.sessions.principal import Principal, Tenant
from brb_shared.access.visibility import Visible


class Version(NamedTuple):
    """A state of a row: `xmin`, the transaction that wrote it, is PostgreSQL's own."""

    id: str
    xmin: str


_XMIN = cast(literal_column("clusters.xmin"), Text)


async def find(session: AsyncSession, cluster_id: str, *, lock: bool = False) -> ClusterRow | None:
    query = select(ClusterRow).where(ClusterRow.id == cluster_id)
    return (await session.scalars(query.with_for_update() if lock else query)).one_or_none()


async def find_owner(session: AsyncSession, cluster_id: str) -> ClusterRow | None:
    """Only its id, cloud and project are loaded: the documents are most of a row."""
    query = select(ClusterRow).where(ClusterRow.id == cluster_id)
    few = load_only(ClusterRow.id, ClusterRow.cloud, ClusterRow.project_id, raiseload=True)
    return (await session.scalars(query.options(few))).one_or_none()


async def list_visible(session: AsyncSession, visible: Visible, *, after: str, limit: int) -> Sequence[ClusterRow]:
    query = select(ClusterRow).where(*_seen(visible), ClusterRow.id > after)
    return (await session.scalars(query.order_by(ClusterRow.id).limit(limit))).all()


async def list_versions(
    session: AsyncSession,
    visible: Visible,
    *,
    after: str,
    limit: int,
    name: str | None,
    state: str | None,
    labels: dict[str, str],
) -> Sequence[Version]:
    query = select(ClusterRow.id, _XMIN).where(*_seen(visible), ClusterRow.id > after)
    if name is not None:
        query = query.where(ClusterRow.name == name)
    if state is not None:
        query = query.where(ClusterRow.state == state)
    if labels:
        query = query.where(ClusterRow.labels.contains(labels))
    return [Version(*each) for each in await session.execute(query.order_by(ClusterRow.id).limit(limit))]


async def find_versioned(session: AsyncSession, ids: Sequence[str]) -> Sequence[tuple[ClusterRow, Version]]:
    query = select(ClusterRow, _XMIN).where(ClusterRow.id.in_(ids), ClusterRow.deleted_at.is_(None))
    return [(row, Version(row.id, xmin)) for row, xmin in await session.execute(query)]


async def find_many(session: AsyncSession, ids: Sequence[str]) -> Sequence[ClusterRow]:
    query = select(ClusterRow).where(ClusterRow.id.in_(ids), ClusterRow.deleted_at.is_(None))
    return (await session.scalars(query)).all()


def _seen(visible: Visible) -> list[ColumnElement[bool]]:
    is_there = ClusterRow.deleted_at.is_(None)
    if visible.everything:
        return [is_there]
    # one parameter, not one for each of thousands
    return [is_there, ClusterRow.id == any_(literal(list(visible.ids), ARRAY(Text)))]


async def name_is_taken(session: AsyncSession, tenant: Tenant, name: str) -> bool:
    of_tenant = (ClusterRow.cloud == tenant.cloud, ClusterRow.project_id == tenant.project_id)
    query = select(ClusterRow.id).where(*of_tenant, ClusterRow.name == name, ClusterRow.deleted_at.is_(None))
    return (await session.scalars(query)).first() is not None


async def find_idempotent(session: AsyncSession, principal: Principal, key: str) -> IdempotencyRow | None:
    return await session.get(IdempotencyRow, (principal.user_id, principal.require_tenant().project_id, key))


async def remember(session: AsyncSession, principal: Principal, key: str, request_hash: str, cluster_id: str) -> None:
    """Raises IntegrityError at flush if a request with the same key was quicker."""
    session.add(
        IdempotencyRow(
            user_id=principal.user_id,
            project_id=principal.require_tenant().project_id,
            key=key,
            request_hash=request_hash,
            cluster_id=cluster_id,
        )
    )


async def asked(session: AsyncSession, cluster_id: str) -> Sequence[AskedRow]:
    return (await session.scalars(select(AskedRow).where(AskedRow.cluster_id == cluster_id))).all()


async def seen(session: AsyncSession, cluster_id: str) -> Sequence[SeenRow]:
    return (await session.scalars(select(SeenRow).where(SeenRow.cluster_id == cluster_id))).all()


async def all_asked(session: AsyncSession) -> Sequence[AskedRow]:
    return (await session.scalars(select(AskedRow).order_by(AskedRow.cluster_id, AskedRow.stage))).all()


async def store_asked(session: AsyncSession, cluster_id: str, stage: str, document: dict[str, Any]) -> int:
    """Its new revision."""
    statement = insert(AskedRow).values(cluster_id=cluster_id, stage=stage, revision=1, document=document)
    newer = statement.on_conflict_do_update(
        index_elements=["cluster_id", "stage"], set_={"revision": AskedRow.revision + 1, "document": document}
    )
    return (await session.execute(newer.returning(AskedRow.revision))).scalar_one()


async def forget_stages(session: AsyncSession, cluster_id: str) -> None:
    await session.execute(delete(AskedRow).where(AskedRow.cluster_id == cluster_id))
    await session.execute(delete(SeenRow).where(SeenRow.cluster_id == cluster_id))


async def remove_gone(session: AsyncSession, before: datetime) -> Sequence[str]:
    """Clusters that ended before that time; their ids."""
    gone = delete(ClusterRow).where(ClusterRow.deleted_at < before).returning(ClusterRow.id)
    return (await session.scalars(gone)).all()


async def remove_old_keys(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before))
