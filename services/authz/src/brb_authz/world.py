"""The index of this process, kept equal to PostgreSQL: each look at it first asks which revision is current.

So this service needs no lease: what it says is true when it says it, or the database is away and it says nothing.
"""

import asyncio
import gc

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz import repository
from brb_authz.revision import CommittedRevision
from brb_shared.access.index import Index
from brb_shared.access.model import World
from brb_shared.database import Database

log = structlog.get_logger()

_LARGE = 10_000  # bindings


class CurrentWorld:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._committed = CommittedRevision(database.url)
        self._index = Index()
        self._lock = asyncio.Lock()

    async def current(self) -> Index:
        """The index at the newest committed revision or later. It changes with later calls: decide before you await."""
        revision = await self._committed.read()
        if self._index.revision == revision:
            return self._index
        async with self._database.sessions() as session:
            return await self.at(session, revision)

    async def close(self) -> None:
        await self._committed.close()

    async def at(self, session: AsyncSession, revision: int) -> Index:
        """The index at `revision`, which is committed; later only if something later is committed too."""
        if self._index.revision == revision:
            return self._index
        async with self._lock:
            if self._index.revision < revision:
                await self._catch_up(session)
            if self._index.revision < revision:
                await self._load()
        return self._index

    async def snapshot(self) -> World:
        async with self._database.sessions() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return await repository.load_world(session)

    async def _catch_up(self, session: AsyncSession) -> None:
        """Apply the changes that are kept, as far as there is no gap."""
        if self._index.revision == 0:
            return
        for change in await repository.changes_after(session, self._index.revision):
            if change.previous != self._index.revision:
                return
            self._index.apply(change.delta)

    async def _load(self) -> None:
        world = await self.snapshot()
        log.info("Loading the access world", before=self._index.revision, revision=world.revision)
        self._index.load(world)
        if len(world.bindings) >= _LARGE:
            gc.freeze()  # the collector would walk through all of it now and then: a pause that every caller sees
