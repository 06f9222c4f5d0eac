"""Reading the audit log: who may see it sees the platform's or one cluster's entries."""

import json
from collections.abc import AsyncIterator, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz.acting import Acting
from brb_authz.audit import repository
from brb_authz.models import AuditRow
from brb_authz.paging import decode_number, page
from brb_authz.world import CurrentWorld
from brb_shared.access.model import Place
from brb_shared.contracts.access_api.audit import AuditAnchor, AuditFilter, AuditHead, AuditRecord
from brb_shared.contracts.bodies import Page
from brb_shared.database import Database

RESOURCE = "auditlogs"
_EXPORT_PAGE = 500


class AuditService:
    def __init__(self, database: Database, world: CurrentWorld) -> None:
        self._database = database
        self._world = world

    async def require(self, acting: Acting, cluster_id: str | None) -> None:
        """Raises Problem 403 or 404. Without a cluster it is the platform's whole log."""
        place = Place(cluster_id=cluster_id or "")
        acting.require(await self._world.current(), "list", RESOURCE, "audit log", place=place)

    async def list(
        self, wanted: AuditFilter, *, oldest_first: bool, page_size: int, page_token: str | None
    ) -> Page[AuditRecord]:
        async with self._database.sessions() as session:
            rows = await _rows(session, wanted, oldest_first, page_token, page_size + 1)
        return page(rows, page_size, audit_record, lambda row: str(row.seq))

    async def head(self) -> AuditHead:
        async with self._database.sessions() as session:
            return await _head(session)

    async def export(self, wanted: AuditFilter) -> AsyncIterator[str]:
        """JSON lines: the head first, as {"head": …}, then each record, oldest first, all of one moment."""
        async with self._database.sessions() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            head = await _head(session)
            yield json.dumps({"head": head.model_dump(mode="json")}) + "\n"
            after = 0
            while rows := await repository.list_oldest(session, wanted, after=after, limit=_EXPORT_PAGE):
                yield "".join(audit_record(row).model_dump_json() + "\n" for row in rows)
                after = rows[-1].seq
                session.expunge_all()


def audit_record(row: AuditRow) -> AuditRecord:
    return AuditRecord(seq=row.seq, previous_hash=row.previous_hash.hex(), hash=row.hash.hex(), entry=row.entry)


async def _rows(
    session: AsyncSession, wanted: AuditFilter, oldest_first: bool, page_token: str | None, limit: int
) -> Sequence[AuditRow]:
    if oldest_first:
        return await repository.list_oldest(session, wanted, after=decode_number(page_token, 0), limit=limit)
    before = decode_number(page_token, repository.NEWEST)
    return await repository.list_newest(session, wanted, before=before, limit=limit)


async def _head(session: AsyncSession) -> AuditHead:
    seq, hash_ = await repository.head(session)
    anchor = await repository.newest_anchor(session)
    shown = AuditAnchor(seq=anchor.seq, hash=anchor.hash.hex()) if anchor is not None else None
    return AuditHead(seq=seq, hash=hash_.hex(), anchor=shown)
