"""What the loop works on, by the prefix of the key; and one of them, housekeeping: what grows old is removed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz import repository
from brb_authz.audit import repository as audit
from brb_authz.models import WorkRow
from brb_authz.settings import Settings
from brb_shared.database import Database
from brb_shared.reconcile import Again, Lease, ReconcileError, Reconciler, Result, Settled, wake

log = structlog.get_logger()

HOUSEKEEPING = "housekeeping"
_INTERVAL = timedelta(minutes=5)
_BATCH = 10_000


class AuthzReconciler:
    """Hands each key to the reconciler of its prefix, which is what stands before the first colon."""

    def __init__(self, by_prefix: Mapping[str, Reconciler]) -> None:
        self._by_prefix = by_prefix

    async def reconcile(self, key: str, lease: Lease) -> Result:
        return await self._of(key).reconcile(key, lease)

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        await self._of(key).report(key, lease, error, failures)

    def _of(self, key: str) -> Reconciler:
        return self._by_prefix[key.partition(":")[0]]


class Housekeeping:
    """Changes past their history, keys of repeated requests, audit entries past retention."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    async def begin(self) -> None:
        """Put the work into the table, once for all replicas."""
        async with self._database.sessions.begin() as session:
            await wake(session, WorkRow, HOUSEKEEPING)

    async def reconcile(self, key: str, lease: Lease) -> Result:
        now = datetime.now(UTC)
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            await repository.remove_changes(session, now - timedelta(hours=self._settings.change_history_hours))
            await repository.remove_old_keys(session, now - timedelta(hours=self._settings.idempotency_hours))
            removed = await self._remove_old_entries(session, now)
        return Again(timedelta(), "MoreToRemove") if removed == _BATCH else Settled(recheck_after=_INTERVAL)

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        """Nobody waits for housekeeping: the log and the work row have it."""

    async def _remove_old_entries(self, session: AsyncSession, now: datetime) -> int:
        if not self._settings.audit_retention_days:
            return 0
        before = now - timedelta(days=self._settings.audit_retention_days)
        removed = await audit.remove_older(session, before, _BATCH)
        if removed:
            log.info("Audit entries past retention were removed", count=removed, before=before.isoformat())
        return removed
