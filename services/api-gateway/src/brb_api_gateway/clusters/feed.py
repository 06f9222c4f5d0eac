"""The changes as a stream: one reader per process, many watchers.

The reader is woken by PostgreSQL's NOTIFY, reads the new rows once, and puts each into the queues of the watchers who
may read its cluster. A watcher that is too slow is ended; it comes back with its last id and misses nothing. One whose
session is signed out is ended at once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import DBAPIError
from sse_starlette import ServerSentEvent

from brb_api_gateway.authorization.authz import Decisions
from brb_api_gateway.authorization.deciding import may_read, readable_clusters
from brb_api_gateway.clusters import changes, repository
from brb_api_gateway.clusters.changes import Change
from brb_api_gateway.clusters.cursor import Cursor, Position, decode_cursor, history_gone
from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.clusters.timeline import CHANGES_CHANNEL
from brb_api_gateway.clusters.view import cluster_view
from brb_api_gateway.sessions import repository as sessions
from brb_api_gateway.sessions.principal import Principal
from brb_api_gateway.sessions.repository import ENDED_CHANNEL
from brb_shared.contracts.ids import ClusterId
from brb_shared.database import Database, listen
from brb_shared.http import Problem

log = structlog.get_logger()

_QUEUE_LENGTH = 1000
_BOOKMARK = timedelta(seconds=30)
_IDLE = timedelta(seconds=5)
_HIDDEN_RETRY = timedelta(milliseconds=20)
_DATABASE_RETRY = timedelta(seconds=1)
_PAGE = 500


class Watcher:
    """One stream's queue. `ended`: nothing comes any more, because it was too slow or its session has ended."""

    def __init__(self, decisions: Decisions, principal: Principal, cluster_id: ClusterId | None) -> None:
        self.session_id = principal.session_id
        self._decisions = decisions
        self._principal = principal
        self._cluster_id = cluster_id
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue(_QUEUE_LENGTH)
        self.ended = False

    def wants(self, change: Change) -> bool:
        """Of what the caller may read now. That a cluster is gone, its project hears too: nobody reads it any more."""
        if self._cluster_id not in (None, change.cluster_id):
            return False
        try:
            readable = may_read(self._decisions, self._principal, change.cluster_id)
        except Problem:  # it is not certain who may do what
            self.end()
            return False
        return readable or (change.is_end and change.tenant == self._principal.tenant)

    def offer(self, change: Change) -> None:
        try:
            self._queue.put_nowait(change)
        except asyncio.QueueFull:
            self.ended = True

    def end(self) -> None:
        self.ended = True
        if not self._queue.full():
            self._queue.put_nowait(None)  # wakes whoever waits

    async def next(self, patience: timedelta) -> Change | None:
        """None if nothing came."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                return await self._queue.get()
        except TimeoutError:
            return None


class Feed:
    def __init__(self, database: Database, history: timedelta, decisions: Decisions) -> None:
        self._database = database
        self._decisions = decisions
        self._history = history
        self._watchers: set[Watcher] = set()
        self._woken = asyncio.Event()
        self._position = Position(0, 0)
        self._started = asyncio.Event()
        self._sessions_unsure = False

    async def run(self) -> None:
        """Read for ever, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(self._database.url, [CHANGES_CHANNEL, ENDED_CHANNEL], self._on_notify))
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
    ) -> AsyncIterator[bytes]:
        """Until the session ends, the client goes, it is too slow, or the one watched cluster is gone."""
        await self._started.wait()
        watcher = Watcher(self._decisions, principal, cluster_id)
        self._watchers.add(watcher)
        self._on_notify(ENDED_CHANNEL, "")  # it may have ended since it was let in
        try:
            async for event in self._events(principal, watcher, cursor, cluster_id):
                yield event
        finally:
            self._watchers.discard(watcher)

    async def _events(
        self, principal: Principal, watcher: Watcher, cursor: Cursor | None, cluster_id: ClusterId | None
    ) -> AsyncIterator[bytes]:
        start = self._position
        if cursor is None:
            async for event in self._present(principal, cluster_id, start):
                yield event
            last = start
        else:
            last = cursor.position
            async for change in self._missed(watcher, cursor.position, start):
                yield change.event
                last = change.position
        yield _bookmark(max(last, start))
        while not watcher.ended and datetime.now(UTC) < principal.expires_at:
            found = await watcher.next(_BOOKMARK)
            if watcher.ended:
                return
            if found is None:
                yield _bookmark(max(last, self._position))
            elif found.position > last:
                yield found.event
                last = found.position
                if cluster_id is not None and found.is_end:
                    return

    async def _present(
        self, principal: Principal, cluster_id: ClusterId | None, position: Position
    ) -> AsyncIterator[bytes]:
        """All that is there now, as ADDED."""
        async for row in self._rows(principal, cluster_id):
            yield changes.added(cluster_view(row), position).event

    async def _rows(self, principal: Principal, cluster_id: ClusterId | None) -> AsyncIterator[ClusterRow]:
        if cluster_id is not None:
            async with self._database.sessions() as session:
                row = await repository.find(session, cluster_id)
            if row is not None and row.deleted_at is None:
                yield row
            return
        after, rows = "", None
        while rows is None or len(rows) == _PAGE:
            async with self._database.sessions() as session:
                visible = readable_clusters(self._decisions, principal)
                rows = await repository.list_visible(session, visible, after=after, limit=_PAGE)
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

    def _on_notify(self, channel: str, payload: str) -> None:
        """An ended session without an id: some may have ended while nobody listened."""
        if channel == ENDED_CHANNEL and payload:
            self._end_of({payload})
            return
        self._sessions_unsure |= channel == ENDED_CHANNEL
        self._woken.set()

    def _end_of(self, session_ids: set[str]) -> None:
        for watcher in self._watchers:
            if watcher.session_id in session_ids:
                watcher.end()

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
        await self._check_sessions()
        async with self._database.sessions() as session:
            newest = None if self._watchers else await changes.newest_position(session)
            if newest is not None and not self._watchers:  # whoever comes later begins with what is there by then
                self._position = newest
                return _IDLE
            batch = await changes.read(session, self._position, limit=_PAGE)
        self._dispatch(batch.changes)
        self._position = batch.position
        if batch.is_full:
            return timedelta()
        return _HIDDEN_RETRY if batch.has_hidden else _IDLE

    async def _check_sessions(self) -> None:
        if not self._sessions_unsure:
            return
        self._sessions_unsure = False
        watching = {watcher.session_id for watcher in self._watchers}
        async with self._database.sessions() as session:
            living = await sessions.find_living(session, watching) if watching else watching
        self._end_of(watching - living)

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


def _bookmark(position: Position) -> bytes:
    return ServerSentEvent(data="{}", event="bookmark", id=Cursor(position, datetime.now(UTC)).encode()).encode()
