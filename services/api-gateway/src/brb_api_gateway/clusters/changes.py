"""Changes as they are read: rows in their order, each with the cluster as it is now. SQL and its rendering."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy import select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sse_starlette import ServerSentEvent

from brb_api_gateway.clusters import repository
from brb_api_gateway.clusters.cursor import Cursor, Position
from brb_api_gateway.clusters.models import ChangeRow
from brb_api_gateway.clusters.schemas import ClusterView
from brb_api_gateway.clusters.timeline import ChangeType
from brb_api_gateway.clusters.view import cluster_view
from brb_api_gateway.sessions.principal import Tenant
from brb_shared.contracts.ids import CloudId, ProjectId

_HORIZON = text("SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint")
_NEWEST = text("SELECT (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint")

_LAST_SEQ = 10**17


@dataclass(frozen=True)
class Change:
    position: Position
    at: datetime
    tenant: Tenant
    cluster_id: str
    type: ChangeType
    body: str
    """JSON, rendered once for all watchers."""

    @property
    def is_end(self) -> bool:
        return self.type is ChangeType.DELETED

    @cached_property
    def event(self) -> bytes:
        """As it goes over the wire: encoded once for all watchers."""
        name = "happened" if self.type is ChangeType.HAPPENED else "cluster"
        return ServerSentEvent(data=self.body, event=name, id=Cursor(self.position, self.at).encode()).encode()


def added(view: ClusterView, position: Position) -> Change:
    tenant = Tenant(view.metadata.cloud, ProjectId(view.metadata.project_id))
    body = _cluster_body(ChangeType.ADDED, view.model_dump_json())
    return Change(position, datetime.now(UTC), tenant, view.metadata.id, ChangeType.ADDED, body)


@dataclass(frozen=True)
class Batch:
    changes: Sequence[Change]
    position: Position
    """Where the next batch begins."""
    is_full: bool
    """There may be more at once."""
    has_hidden: bool
    """Others wait for a transaction that is still open."""


async def read(session: AsyncSession, after: Position, *, limit: int) -> Batch:
    """The next changes in order.

    Only rows below the horizon are read: no transaction can put anything before them any more. Of several changes of
    one cluster in a batch only the last is told, with the cluster as it is now.
    """
    horizon: int = (await session.execute(_HORIZON)).scalar_one()
    order = tuple_(ChangeRow.xid, ChangeRow.seq)
    query = select(ChangeRow).where(order > (after.xid, after.seq)).order_by(ChangeRow.xid, ChangeRow.seq)
    rows = (await session.scalars(query.limit(limit))).all()
    visible = [row for row in rows if row.xid < horizon]
    return Batch(
        changes=await _render(session, visible),
        position=Position(visible[-1].xid, visible[-1].seq) if visible else after,
        is_full=len(visible) == limit,
        has_hidden=len(visible) < len(rows),
    )


async def newest_position(session: AsyncSession) -> Position:
    """Below the horizon: what is open now will be read."""
    horizon: int = (await session.execute(_HORIZON)).scalar_one()
    return Position(horizon - 1, _LAST_SEQ)


async def newest_xid(session: AsyncSession) -> int:
    return int((await session.execute(_NEWEST)).scalar_one())


async def _render(session: AsyncSession, rows: Sequence[ChangeRow]) -> list[Change]:
    last = {row.cluster_id: row.seq for row in rows if row.type != ChangeType.HAPPENED}
    new = {row.cluster_id for row in rows if row.type == ChangeType.ADDED}
    views = {row.id: cluster_view(row) for row in await repository.find_many(session, list(last))} if last else {}
    told = [row for row in rows if row.type == ChangeType.HAPPENED or last[row.cluster_id] == row.seq]
    bodies = [(row, _body(row, views.get(row.cluster_id), is_new=row.cluster_id in new)) for row in told]
    return [_change(row, body) for row, body in bodies if body is not None]


def _body(row: ChangeRow, view: ClusterView | None, *, is_new: bool) -> str | None:
    """None: the cluster is gone already, and a later change says so."""
    match ChangeType(row.type):
        case ChangeType.HAPPENED:
            return json.dumps(row.document)
        case ChangeType.DELETED:
            return _cluster_body(ChangeType.DELETED, json.dumps(row.document))
        case ChangeType.ADDED | ChangeType.MODIFIED:
            type_ = ChangeType.ADDED if is_new else ChangeType.MODIFIED
            return _cluster_body(type_, view.model_dump_json()) if view is not None else None


def _change(row: ChangeRow, body: str) -> Change:
    tenant = Tenant(CloudId(row.cloud), ProjectId(row.project_id))
    return Change(Position(row.xid, row.seq), row.at, tenant, row.cluster_id, ChangeType(row.type), body)


def _cluster_body(type_: ChangeType, document: str) -> str:
    return f'{{"type":"{type_}","object":{document}}}'
