"""One change of the zone: a transaction in which records come and go, published at its end.

async with editing(database, limits) as edit:
    await edit.add(owner, draft, Source.API)
    await edit.remove(rows)
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns.errors import RecordConflict
from brb_dns.models import RecordRow, ZoneRow
from brb_dns.records import store
from brb_dns.records.model import Draft, Owner, Record, Source
from brb_dns.records.ownership import free_unused_hostnames, require_owned
from brb_dns.records.publishing import Key, lock_zone, publish
from brb_dns.records.values import RecordType
from brb_shared.database import Database


@dataclass(frozen=True)
class Limits:
    """What one owner may have in the zone. `zone`: its name, without the last dot."""

    zone: str
    records_per_owner: int = 500
    hostnames_per_tenant: int = 100


@dataclass
class Edit:
    session: AsyncSession
    zone: ZoneRow
    limits: Limits
    touched: set[Key] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    """Labels of user hostnames that records were removed from."""

    async def add(
        self,
        owner: Owner,
        draft: Draft,
        source: Source,
        *,
        created_by: str | None = None,
        replace: bool = False,
    ) -> Record:
        """Add it to its RRset, or put it in the RRset's place. What is there already is only given the new TTL.

        Raises what `ownership` and `store` raise, and RecordConflict where another owner has the record.
        """
        await require_owned(self.session, owner, draft.place, hostnames_per_tenant=self.limits.hostnames_per_tenant)
        rows = await store.at_name(self.session, draft.name)
        _require_own(owner, draft, rows)
        if replace:
            rows = await self._drop_others(draft, rows)
        self.touched.add((draft.name, draft.type.value))
        same = next((row for row in rows if row.type == draft.type and row.value == draft.value), None)
        row = same or await self._insert(owner, draft, rows, source, created_by)
        await store.share_ttl(self.session, draft)
        await self.session.refresh(row)
        return store.record_of(row)

    async def remove(self, rows: Sequence[RecordRow]) -> None:
        for row in rows:
            await self.session.delete(row)
            self.touched.add((row.name, row.type))
            if row.label is not None:
                self.left.add(row.label)
        await self.session.flush()

    async def finish(self) -> None:
        """Called by `editing`."""
        if self.left:
            await free_unused_hostnames(self.session, sorted(self.left))
        if self.touched:
            await publish(self.session, self.zone, self.touched)

    async def _drop_others(self, draft: Draft, rows: Sequence[RecordRow]) -> Sequence[RecordRow]:
        """The RRset's other values, and a CNAME that stands in the way; what stays."""
        drops = [
            row
            for row in rows
            if (row.type == draft.type and row.value != draft.value) or draft.type != row.type == RecordType.CNAME
        ]
        await self.remove(drops)
        return [row for row in rows if row not in drops]

    async def _insert(
        self, owner: Owner, draft: Draft, rows: Sequence[RecordRow], source: Source, created_by: str | None
    ) -> RecordRow:
        store.require_fits(draft, rows)
        await store.require_room(self.session, owner, self.limits.records_per_owner)
        return await store.insert_row(self.session, owner, draft, source, created_by)


@asynccontextmanager
async def editing(database: Database, limits: Limits) -> AsyncIterator[Edit]:
    """Nothing of it is kept if the body raises."""
    async with database.sessions.begin() as session:
        edit = Edit(session, await lock_zone(session, limits.zone), limits)
        yield edit
        await edit.finish()


def _require_own(owner: Owner, draft: Draft, rows: Sequence[RecordRow]) -> None:
    """A record that is there already must not change hands unnoticed."""
    for row in rows:
        if row.type == draft.type and row.value == draft.value and store.record_of(row).owner != owner:
            whose = f"cluster {row.cluster_id}" if row.cluster_id else "the project"
            raise RecordConflict(f"{draft.name} {draft.type} {draft.value} is there and belongs to {whose}", "value")
