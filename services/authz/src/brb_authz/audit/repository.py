"""SQL of the audit log."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz.audit.chain import GENESIS, chain_hash
from brb_authz.models import AuditAnchorRow, AuditHeadRow, AuditRow
from brb_shared.contracts.access_api.audit import AuditFilter
from brb_shared.contracts.audit import AuditEntry, audit_time

CHAIN = "main"
NEWEST = 2**62


async def append(session: AsyncSession, entry: AuditEntry) -> bool:
    """Put it at the end of the chain, in the caller's transaction. False if it is there already.

    The head's lock is held until the commit: one writer at a time, so that no two entries follow the same one.
    """
    head = await _lock_head(session)
    if await session.scalar(select(AuditRow.seq).where(AuditRow.audit_id == entry.audit_id)) is not None:
        return False
    seq, document = head.seq + 1, entry.document()
    hash_ = chain_hash(head.hash, seq, document)
    await session.execute(insert(AuditRow).values(seq=seq, entry=document, previous_hash=head.hash, hash=hash_))
    head.seq, head.hash = seq, hash_
    return True


async def head(session: AsyncSession) -> tuple[int, bytes]:
    row = await session.get(AuditHeadRow, CHAIN)
    return (row.seq, row.hash) if row is not None else (0, GENESIS)


async def newest_anchor(session: AsyncSession) -> AuditAnchorRow | None:
    query = select(AuditAnchorRow).order_by(AuditAnchorRow.seq.desc()).limit(1)
    return (await session.scalars(query)).one_or_none()


async def list_newest(session: AsyncSession, wanted: AuditFilter, *, before: int, limit: int) -> Sequence[AuditRow]:
    query = _filtered(wanted).where(AuditRow.seq < before).order_by(AuditRow.seq.desc()).limit(limit)
    return (await session.scalars(query)).all()


async def list_oldest(session: AsyncSession, wanted: AuditFilter, *, after: int, limit: int) -> Sequence[AuditRow]:
    query = _filtered(wanted).where(AuditRow.seq > after).order_by(AuditRow.seq).limit(limit)
    return (await session.scalars(query)).all()


async def remove_older(session: AsyncSession, before: datetime, most: int) -> int:
    """Remove the oldest entries, at most so many at once, and leave an anchor. How many were removed.

    Entries come in nearly in the order of their times: what stands behind a younger one stays until that is old too.
    """
    first = await session.scalar(select(func.min(AuditRow.seq)))
    if first is None:
        return 0
    young = select(func.min(AuditRow.seq)).where(AuditRow.at >= audit_time(before))
    end = await session.scalar(young)
    newest, _ = await head(session)
    last = min(end - 1 if end is not None else newest, first + most - 1)
    if last < first:
        return 0
    return int(await session.scalar(text("SELECT authz.remove_audit_entries(:last)"), {"last": last}) or 0)


async def _lock_head(session: AsyncSession) -> AuditHeadRow:
    query = select(AuditHeadRow).where(AuditHeadRow.name == CHAIN).with_for_update()
    return (await session.scalars(query)).one()


def _filtered(wanted: AuditFilter) -> Select[Any]:
    query = select(AuditRow)
    columns = (AuditRow.service, AuditRow.user_id, AuditRow.method, AuditRow.verb, AuditRow.resource)
    given = (wanted.service, wanted.user_id, wanted.method, wanted.verb, wanted.resource)
    for column, value in zip(columns, given, strict=True):
        if value is not None:
            query = query.where(column == value)
    if wanted.cluster_id is not None:
        query = query.where(AuditRow.cluster_id == wanted.cluster_id)
    if wanted.decision is not None:
        query = query.where(AuditRow.decision == wanted.decision.value)
    if wanted.since is not None:
        query = query.where(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditRow.at < wanted.until)
    return query
