"""How the access world changes: one transaction takes the next revision, is judged by the world before it, and tells.

The revision's row is locked first. So writers wait for each other, and the escalation guard judges by exactly what is
in force when the change comes in: nobody grants what was taken from him a moment ago.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz.materialise.waking import wake_clusters
from brb_authz.models import ChangeRow, OutboxRow, RevisionRow
from brb_authz.world import CurrentWorld
from brb_shared.access.deltas import Delta
from brb_shared.access.index import Index
from brb_shared.access.model import Binding, Namespace, Project, Role
from brb_shared.contracts.access import AccessChanged
from brb_shared.contracts.registry import ACCESS_CHANGED, Service
from brb_shared.database import Database
from brb_shared.messaging import Outbox
from brb_shared.messaging.changes import Step, next_revision

SUBJECT = "all"


@dataclass
class Change:
    """What one transaction changes. `index` is the world before it."""

    session: AsyncSession
    index: Index
    step: Step
    roles: list[Role] = field(default_factory=list)
    removed_roles: list[str] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    removed_bindings: list[str] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    removed_projects: list[str] = field(default_factory=list)
    namespaces: list[Namespace] = field(default_factory=list)
    removed_namespaces: list[tuple[str, str]] = field(default_factory=list)
    discarded: bool = False

    def discard(self) -> None:
        """Nothing is to be changed after all."""
        self.discarded = True

    def delta(self) -> Delta:
        return Delta(
            revision=self.step.revision,
            roles=tuple(self.roles),
            removed_roles=tuple(self.removed_roles),
            bindings=tuple(self.bindings),
            removed_bindings=tuple(self.removed_bindings),
            projects=tuple(self.projects),
            removed_projects=tuple(self.removed_projects),
            namespaces=tuple(self.namespaces),
            removed_namespaces=tuple(self.removed_namespaces),
        )


class _Discarded(Exception):
    """Ends a transaction whose result was only looked at, or that has nothing to change."""


class AccessWriter:
    def __init__(self, database: Database, world: CurrentWorld) -> None:
        self._database = database
        self._world = world
        self._outbox = Outbox(OutboxRow, Service.AUTHZ)

    @asynccontextmanager
    async def change(self, *, dry_run: bool = False) -> AsyncIterator[Change]:
        """Committed at the end, unless an error is raised, it is a dry run, or it is discarded."""
        try:
            async with self._database.sessions.begin() as session:
                step = await next_revision(session, RevisionRow, ACCESS_CHANGED.name)
                change = Change(session, await self._world.at(session, step.previous), step)
                yield change
                if dry_run or change.discarded:
                    raise _Discarded
                await self._tell(change)
        except _Discarded:
            return

    async def _tell(self, change: Change) -> None:
        step = change.step
        delta = change.delta()
        changed = AccessChanged(revision=step.revision, previous=step.previous, delta=delta)
        await wake_clusters(change.session, change.index, delta)
        change.session.add(ChangeRow(revision=step.revision, document=changed.document()))
        await self._outbox.add(
            change.session, ACCESS_CHANGED, changed, cluster_id=SUBJECT, revision=step.revision, generation=0
        )
