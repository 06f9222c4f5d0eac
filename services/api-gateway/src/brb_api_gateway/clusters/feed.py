"""The changes as a stream: one reader per process, many watchers.

The reader is woken by PostgreSQL's NOTIFY, reads the new rows once, and puts each into the queues of the watchers of
its project. A watcher that is too slow is ended; it comes back with its last id and misses nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sse_starlette import ServerSentEvent

from brb_api_gateway.clusters import changes, repository
from brb_api_gateway.clusters.changes import Change
from brb_api_gateway.clusters.cursor import Cursor, Position, decode_cursor, history_gone
from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.clusters.timeline import CHANGES_CHANNEL
from brb_api_gateway.clusters.view import cluster_view
from brb_api_gateway.sessions.principal import Principal, Tenant
from brb_shared.contracts.ids import ClusterId
from brb_shared.database import Database, listen

log = structlog.get_logger()

_QUEUE_LENGTH = 1000
_BOOKMARK = timedelta(seconds=30)
_IDLE = timedelta(seconds=5)
_HIDDEN_RETRY = timedelta(milliseconds=20)
_DATABASE_RETRY = timedelta(seconds=1)
_PAGE = 500


class Watcher:
    """One stream's queue."""

    def __init__(self, tenant: Tenant, cluster_id: ClusterId | None) -> None:
        self._tenant = tenant
        self._cluster_id = cluster_id
        self._queue: asyncio.Queue[Change] = asyncio.Queue(_QUEUE_LENGTH)
        self.overrun = False

    def wants(self, change: Change) -> bool:
        return change.tenant == self._tenant and self._cluster_id in (None, change.cluster_id)

    def offer(self, change: Change) -> None:
        try:
            self._queue.put_nowait(change)
        except asyncio.QueueFull:
            self.overrun = True

    async def next(self, patience: timedelta) -> Change | None:
        """None if nothing came."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                return await self._queue.get()
        except TimeoutError:
            return None


class Feed:
    def __init__(self, database: Database, history: timedelta) -> None:
        self._database = database
        self._history = history
        self._watchers: set[Watcher] = set()
        self._woken = asyncio.Event()
        self._position = Position(0, 0)
        self._started = asyncio.Event()

    async def run(self) -> None:
        """Read for ever, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(self._database.url, [CHANGES_CHANNEL], self._on_notify))
            while True:
                self._woken.clear()
                await self._sleep(await self._turn())

    async def require_cursor(self, text: str | None) -> Cursor | None:
        """Raises Problem 410; also for an id from before the database was made anew."""
        if not text:
            return None
        cursor = decode_cursor(text, now=datetime.now(UTC), history=self._history)
        async with self._database.sessions() as session:
            if cursor.position.xid > await changes.newest_xid(session):
                raise history_gone()
        return cursor

    async def stream(
        self, principal: Principal, cursor: Cursor | None, cluster_id: ClusterId | None
    ) -> AsyncIterator[ServerSentEvent]:
        """Until the session ends, the client goes, it is too slow, or the one watched cluster is gone."""
        await self._started.wait()
        watcher = Watcher(principal.tenant, cluster_id)
        self._watchers.add(watcher)
        try:
            async for event in self._events(principal, watcher, cursor, cluster_id):
                yield event
        finally:
            self._watchers.discard(watcher)

    async def _events(
        self, principal: Principal, watcher: Watcher, cursor: Cursor | None, cluster_id: ClusterId | None
    ) -> AsyncIterator[ServerSentEvent]:
        start = self._position
        if cursor is None:
            async for event in self._present(principal.tenant, cluster_id, start):
                yield event
            last = start
        else:
            last = cursor.position
            async for change in self._missed(watcher, cursor.position, start):
                yield change.event()
                last = change.position
        yield _bookmark(max(last, start))
        while not watcher.overrun and datetime.now(UTC) < principal.expires_at:
            found = await watcher.next(_BOOKMARK)
            if found is None:
                yield _bookmark(max(last, self._position))
            elif found.position > last:
                yield found.event()
                last = found.position
                if cluster_id is not None and found.is_end:
                    return

    async def _present(
        self, tenant: Tenant, cluster_id: ClusterId | None, position: Position
    ) -> AsyncIterator[ServerSentEvent]:
        """All that is there now, as ADDED."""
        async for row in self._rows(tenant, cluster_id):
            yield changes.added(cluster_view(row), position).event()

    async def _rows(self, tenant: Tenant, cluster_id: ClusterId | None) -> AsyncIterator[ClusterRow]:
        if cluster_id is not None:
            async with self._database.sessions() as session:
                row = await repository.find_visible(session, tenant, cluster_id)
            if row is not None:
                yield row
            return
        after, rows = "", None
        while rows is None or len(rows) == _PAGE:
            async with self._database.sessions() as session:
                rows = await repository.list_visible(session, tenant, after=after, limit=_PAGE)
            for row in rows:
                yield row
                after = row.id

    async def _missed(self, watcher: Watcher, after: Position, until: Position) -> AsyncIterator[Change]:
        """What came between the watcher's last id and the place where its queue begins."""
        while after < until:
            async with self._database.sessions() as session:
                batch = await changes.read(session, after, limit=_PAGE)
            for change in batch.changes:
                if change.position <= until and watcher.wants(change):
                    yield change
            if not batch.is_full:
                return
            after = batch.position

    def _on_notify(self, _channel: str, _payload: str) -> None:
        self._woken.set()

    async def _turn(self) -> timedelta:
        """Read once; how long to wait before the next time."""
        try:
            if not self._started.is_set():
                async with self._database.sessions() as session:
                    self._position = await changes.newest_position(session)
                self._started.set()
            return await self._read()
        except (DBAPIError, OSError, TimeoutError) as error:
            log.warning("Could not read changes; trying again", error=str(error))
            return _DATABASE_RETRY

    async def _read(self) -> timedelta:
        async with self._database.sessions() as session:
            batch = await changes.read(session, self._position, limit=_PAGE)
        self._dispatch(batch.changes)
        self._position = batch.position
        if batch.is_full:
            return timedelta()
        return _HIDDEN_RETRY if batch.has_hidden else _IDLE

    def _dispatch(self, found: Sequence[Change]) -> None:
        for change in found:
            for watcher in self._watchers:
                if watcher.wants(change):
                    watcher.offer(change)

    async def _sleep(self, pause: timedelta) -> None:
        try:
            async with asyncio.timeout(pause.total_seconds()):
                await self._woken.wait()
        except TimeoutError:
            return


def _bookmark(position: Position) -> ServerSentEvent:
    return ServerSentEvent(data="{}", event="bookmark", id=Cursor(position, datetime.now(UTC)).encode())
