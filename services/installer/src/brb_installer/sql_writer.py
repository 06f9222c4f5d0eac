"""What every write of a pass needs: a transaction under its lease, wake-ups, the timeline; see `sql_records.py`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from brb_installer.cluster import Machine, Run
from brb_installer.models import ClusterRow, MachineRow, RunRow, WorkRow
from brb_installer.repository import lock_cluster, machine_key
from brb_installer.ssh.node import INTERRUPTED
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.happened import Happened, Severity
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import KUBERNETES_HAPPENED, Service
from brb_shared.database import Database
from brb_shared.messaging import Outbox
from brb_shared.reconcile import Lease, wake


class SqlWriter:
    def __init__(self, database: Database, outbox: Outbox, cluster_id: ClusterId, lease: Lease) -> None:
        self._database = database
        self._outbox = outbox
        self._cluster_id = cluster_id
        self._lease = lease

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[AsyncSession]:
        async with self._database.sessions.begin() as session:
            await lock_cluster(session, self._cluster_id)
            await self._lease.guard(session)
            yield session

    def _key(self, machine: str) -> str:
        return machine_key(self._cluster_id, machine)

    async def _give_up_runs(self, session: AsyncSession, condition: Any) -> None:
        mine = (RunRow.cluster_id == self._cluster_id, RunRow.ended_at.is_(None), condition)
        await session.execute(update(RunRow).where(*mine).values(ended_at=func.now(), exit_code=INTERRUPTED))

    async def _release_turn(self, session: AsyncSession, machine: str) -> None:
        """Give the turn to join to whoever comes next, and wake all that may wait for it."""
        mine = (ClusterRow.cluster_id == self._cluster_id, ClusterRow.joining == machine)
        released = await session.execute(update(ClusterRow).where(*mine).values(joining=None))
        if cast("CursorResult[Any]", released).rowcount:
            await self._wake_all(session)

    async def _wake_cluster(self, session: AsyncSession) -> None:
        await wake(session, WorkRow, self._cluster_id)

    async def _wake_all(self, session: AsyncSession) -> None:
        await self._wake_cluster(session)
        names = select(MachineRow.name).where(MachineRow.cluster_id == self._cluster_id, MachineRow.joined_at.is_(None))
        for name in (await session.scalars(names.order_by(MachineRow.name))).all():
            await wake(session, WorkRow, self._key(name))

    async def _update_cluster(self, session: AsyncSession, **values: Any) -> None:
        await session.execute(update(ClusterRow).where(ClusterRow.cluster_id == self._cluster_id).values(**values))

    async def _update_machine(self, session: AsyncSession, of: Machine | Run, **values: Any) -> None:
        """Nothing happens if another server has taken the name meanwhile."""
        name = of.machine if isinstance(of, Run) else of.name
        mine = (MachineRow.cluster_id == self._cluster_id, MachineRow.name == name)
        this_server = MachineRow.server_id == of.server_id
        await session.execute(update(MachineRow).where(*mine, this_server).values(**values))

    async def _happen(
        self,
        session: AsyncSession,
        reason: str,
        message: str,
        *,
        machine: str | None = None,
        severity: Severity = Severity.NORMAL,
        code: ErrorCode | None = None,
    ) -> None:
        happened = Happened(
            cluster_id=self._cluster_id,
            source=Service.INSTALLER,
            stage="kubernetes",
            reason=reason,
            message=message,
            severity=severity,
            machine=machine,
            code=code,
        )
        await self._outbox.happen(session, KUBERNETES_HAPPENED, happened)
