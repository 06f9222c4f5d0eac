"""From changed rows to messages: the RRsets as they are now, under the next serial and revision, in the outbox.

Called at the end of every transaction that changes records: what is committed is what the servers are told.
"""

import time
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Select, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns.models import Outbox, RecordRow, Revision, ZoneRow
from brb_shared.contracts.registry import ZONE_CHANGED, Service
from brb_shared.contracts.tenant import Tenant
from brb_shared.contracts.zone import RRset, RRsetKey, ZoneChanged, ZoneSnapshot
from brb_shared.messaging import Outbox as OutboxWriter
from brb_shared.messaging.changes import current_revision, next_revision

EVERYTHING = "all"
"""The subject token of a change, in place of a cluster's id."""

_KEYS_AT_ONCE = 500
_MOST_BYTES = 256 * 1024
_SERIALS = 2**32

_outbox = OutboxWriter(Outbox, Service.DNS)

Key = tuple[str, str]


async def lock_zone(session: AsyncSession, zone: str) -> ZoneRow:
    """One writer of records at a time, until the end of the transaction."""
    await session.execute(insert(ZoneRow).values(name=zone, serial=0).on_conflict_do_nothing())
    return (await session.scalars(select(ZoneRow).where(ZoneRow.name == zone).with_for_update())).one()


async def publish(session: AsyncSession, zone: ZoneRow, keys: Iterable[Key]) -> None:
    """Tell the servers of every RRset of `keys`, changed or gone. `zone` is locked by the caller."""
    await session.flush()
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), _KEYS_AT_ONCE):
        for upserts, deletes in await _batches(session, ordered[start : start + _KEYS_AT_ONCE]):
            await _send(session, zone, upserts, deletes)


async def snapshot(session: AsyncSession, zone: str, tenant: Tenant | None = None) -> ZoneSnapshot:
    """The whole, or a tenant's part. `session` must be in a repeatable-read transaction that has read nothing yet."""
    revision = await current_revision(session, Revision, ZONE_CHANGED.name)
    row = await session.get(ZoneRow, zone)
    query = _in_order()
    if tenant is not None:
        query = query.where(RecordRow.cloud == tenant.cloud, RecordRow.project_id == tenant.project_id)
    rows = (await session.scalars(query)).all()
    return ZoneSnapshot(revision=revision, serial=row.serial if row else 0, rrsets=tuple(rrsets(rows)))


def rrsets(rows: Sequence[RecordRow]) -> Iterator[RRset]:
    """`rows` ordered by name, type and value."""
    grouped: dict[Key, list[RecordRow]] = {}
    for row in rows:
        grouped.setdefault((row.name, row.type), []).append(row)
    for (name, type_), members in grouped.items():
        ttl = min(row.ttl_seconds for row in members)
        yield RRset(name=name, type=type_, ttl_seconds=ttl, values=tuple(row.value for row in members))


def next_serial(serial: int, now: float) -> int:
    """Seconds since 1970, or one more than the last if that is not ahead. Source: RFC 1982, section 3.2.

    It goes on from the clock after a restore of the database from a backup, so that secondaries do not fall silent.
    """
    by_clock = int(now) % _SERIALS
    ahead = (by_clock - serial) % _SERIALS
    return by_clock if 0 < ahead < _SERIALS // 2 else (serial + 1) % _SERIALS


async def _batches(session: AsyncSession, keys: list[Key]) -> list[tuple[list[RRset], list[RRsetKey]]]:
    """Each smaller than a message may be; the RRsets that have no row any more are deletes."""
    rows = (await session.scalars(_in_order().where(tuple_(RecordRow.name, RecordRow.type).in_(keys)))).all()
    present = list(rrsets(rows))
    gone = set(keys) - {(rrset.name, rrset.type) for rrset in present}
    batches: list[tuple[list[RRset], list[RRsetKey]]] = [([], [RRsetKey(name=n, type=t) for n, t in sorted(gone)])]
    size = 0
    for rrset in present:
        length = len(rrset.model_dump_json())
        if size + length > _MOST_BYTES:
            batches.append(([], []))
            size = 0
        batches[-1][0].append(rrset)
        size += length
    return batches


async def _send(session: AsyncSession, zone: ZoneRow, upserts: list[RRset], deletes: list[RRsetKey]) -> None:
    zone.serial = next_serial(zone.serial, time.time())
    step = await next_revision(session, Revision, ZONE_CHANGED.name)
    change = ZoneChanged(
        revision=step.revision,
        previous=step.previous,
        serial=zone.serial,
        upserts=tuple(upserts),
        deletes=tuple(deletes),
    )
    await _outbox.add(session, ZONE_CHANGED, change, cluster_id=EVERYTHING, revision=step.revision, generation=0)


def _in_order() -> Select[RecordRow]:
    return select(RecordRow).order_by(RecordRow.name, RecordRow.type, RecordRow.value)
