"""What grows old is removed: sessions, API tokens, keys of repeated requests, changes, records of deleted clusters."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.clusters import repository as clusters
from brb_api_gateway.clusters import timeline
from brb_api_gateway.credentials.service import CredentialService
from brb_api_gateway.database import Work
from brb_api_gateway.sessions import repository as sessions
from brb_api_gateway.settings import Settings
from brb_api_gateway.sign_ins import repository as sign_ins
from brb_api_gateway.tokens import repository as tokens
from brb_api_gateway.webhooks import repository as webhooks
from brb_shared.contracts.ids import CredentialId
from brb_shared.database import Database
from brb_shared.reconcile import Result, Settled, wake

KEY = "housekeeping"
_INTERVAL = timedelta(minutes=5)
_MARGIN = timedelta(minutes=5)
"""A watcher's id is judged by its time: changes are kept this much longer than an id is good for."""


class Housekeeping:
    def __init__(self, database: Database, settings: Settings, credentials: CredentialService) -> None:
        self._database = database
        self._credentials = credentials
        self._settings = settings

    async def reconcile(self) -> Result:
        async with self._database.sessions.begin() as session:
            await self._remove(session, datetime.now(UTC))
        return Settled(recheck_after=_INTERVAL)

    async def begin(self) -> None:
        """Put it into the work table, once for all replicas."""
        async with self._database.sessions.begin() as session:
            await wake(session, Work, KEY)

    async def _remove(self, session: AsyncSession, now: datetime) -> None:
        settings = self._settings
        await sessions.remove_expired(session, now)
        await sign_ins.remove_expired(session, now)
        for credential_id in await tokens.remove_expired(session, now):
            await self._credentials.let_go(session, CredentialId(credential_id))
        await clusters.remove_old_keys(session, now - timedelta(hours=settings.idempotency_hours))
        await timeline.remove_changes(session, now - timedelta(minutes=settings.watch_history_minutes) - _MARGIN)
        retention = now - timedelta(days=settings.retention_days)
        await timeline.remove_events(session, await clusters.remove_gone(session, retention))
        await webhooks.remove_deliveries(session, retention)
