"""SQL of records. All of it in the caller's transaction, with the zone locked where something is written."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns.errors import QuotaReached, RecordConflict
from brb_dns.models import RecordRow
from brb_dns.records.model import Draft, Owner, Record, Source
from brb_dns.records.values import RecordType
from brb_shared.contracts.ids import CloudId, ClusterId, ProjectId, new_id
from brb_shared.contracts.tenant import Tenant

MOST_VALUES = 32
"""Records of one name and type: the answer still fits into one TCP message with room to spare."""


async def at_name(session: AsyncSession, name: str) -> Sequence[RecordRow]:
    return (await session.scalars(select(RecordRow).where(RecordRow.name == name).order_by(RecordRow.id))).all()


async def contents(session: AsyncSession, names: Sequence[str]) -> list[list[Any]]:
    """What stands at the names, in one order: for a digest."""
    columns = (RecordRow.name, RecordRow.type, RecordRow.value, RecordRow.ttl_seconds)
    rows = await session.execute(select(*columns).where(RecordRow.name.in_(names)).order_by(*columns))
    return [list(row) for row in rows]


async def of_tenant(
    session: AsyncSession, tenant: Tenant, *, after: str, limit: int, **filters: str | None
) -> Sequence[RecordRow]:
    """A page, by id. `filters`: columns that must have the value, where it is not None."""
    query = select(RecordRow).where(*is_of(tenant), RecordRow.id > after).order_by(RecordRow.id).limit(limit)
    for column, value in filters.items():
        if value is not None:
            query = query.where(getattr(RecordRow, column) == value)
    return (await session.scalars(query)).all()


async def find(session: AsyncSession, tenant: Tenant, record_id: str) -> RecordRow | None:
    return (await session.scalars(select(RecordRow).where(*is_of(tenant), RecordRow.id == record_id))).one_or_none()


async def insert_row(
    session: AsyncSession, owner: Owner, draft: Draft, source: Source, created_by: str | None
) -> RecordRow:
    """The rules of RRsets are checked by `require_fits` before."""
    row = RecordRow(
        id=new_id("rr"),
        name=draft.name,
        type=draft.type.value,
        value=draft.value,
        ttl_seconds=draft.ttl_seconds,
        cloud=owner.tenant.cloud,
        project_id=owner.tenant.project_id,
        cluster_id=owner.cluster_id,
        address=str(draft.place.address) if draft.place.address is not None else None,
        label=draft.place.label,
        source=source.value,
        created_by=created_by,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return row


async def share_ttl(session: AsyncSession, draft: Draft) -> None:
    """All records of an RRset have one TTL: the one given last. Source: RFC 2181, section 5.2."""
    mine = (RecordRow.name == draft.name, RecordRow.type == draft.type.value)
    await session.execute(update(RecordRow).where(*mine).values(ttl_seconds=draft.ttl_seconds))


def require_fits(draft: Draft, rows: Sequence[RecordRow]) -> None:
    """Beside the records that the name has. Source: RFC 1034, section 3.6.2. Raises RecordConflict or QuotaReached."""
    others = {row.type for row in rows if row.type != draft.type}
    if draft.type is RecordType.CNAME and rows:
        raise RecordConflict(f"{draft.name} has records; a CNAME can only be alone. Delete them first", "type")
    if RecordType.CNAME in others:
        raise RecordConflict(f"{draft.name} is a CNAME, beside which nothing else can be. Delete it first", "type")
    if sum(row.type == draft.type for row in rows) >= MOST_VALUES:
        raise QuotaReached(f"{draft.name} has {MOST_VALUES} records of type {draft.type}; there can be no more")


async def require_room(session: AsyncSession, owner: Owner, limit: int) -> None:
    """Raises QuotaReached."""
    of_cluster: ColumnElement[bool] = RecordRow.cluster_id.is_(None)
    if owner.cluster_id is not None:
        of_cluster = RecordRow.cluster_id == owner.cluster_id
    count = select(func.count()).select_from(RecordRow).where(*is_of(owner.tenant), of_cluster)
    used = (await session.scalars(count)).one()
    if used >= limit:
        whose = f"The cluster {owner.cluster_id}" if owner.cluster_id else "Your project"
        raise QuotaReached(f"{whose} has {used} of {limit} records; delete some, or ask the operator for more")


def record_of(row: RecordRow) -> Record:
    tenant = Tenant(cloud=CloudId(row.cloud), project_id=ProjectId(row.project_id))
    return Record(
        id=row.id,
        name=row.name,
        type=RecordType(row.type),
        value=row.value,
        ttl_seconds=row.ttl_seconds,
        owner=Owner(tenant, ClusterId(row.cluster_id) if row.cluster_id else None),
        source=Source(row.source),
        created_by=row.created_by,
        created_at=row.created_at,
    )


def is_of(tenant: Tenant) -> tuple[Any, ...]:
    return (RecordRow.cloud == tenant.cloud, RecordRow.project_id == tenant.project_id)
