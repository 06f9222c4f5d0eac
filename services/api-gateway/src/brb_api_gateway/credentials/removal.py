"""The end of a credential in Keystone: of one that was deleted, or whose request ended half-way."""

from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.clouds.registry import CloudRegistry
from brb_api_gateway.credentials import repository
from brb_api_gateway.credentials.models import CredentialRow, CredentialState
from brb_api_gateway.credentials.service import INTENT_LIFE
from brb_api_gateway.openstack.cloud import CloudError, CloudUnavailable, NotAllowed, OpenStack, SignInRefused
from brb_api_gateway.sessions.repository import newest_password_session
from brb_api_gateway.sessions.service import SessionService
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.ids import CloudId
from brb_shared.database import Database
from brb_shared.reconcile import Absent, Again, Lease, Result, TransientError

log = structlog.get_logger()


class CredentialRemoval:
    def __init__(
        self, database: Database, clouds: CloudRegistry, openstack: OpenStack, sessions: SessionService
    ) -> None:
        self._database = database
        self._clouds = clouds
        self._openstack = openstack
        self._sessions = sessions

    async def reconcile(self, credential_id: str, lease: Lease) -> Result:
        """Work key `cr-…`: nothing to do for one in use; an old intent and one being deleted go."""
        async with self._database.sessions() as session:
            row = await repository.find(session, credential_id)
        if row is None or row.state == CredentialState.READY:
            return Absent()
        age = datetime.now(UTC) - row.created_at
        if row.state == CredentialState.INTENT and age < INTENT_LIFE:
            return Again(after=INTENT_LIFE - age + timedelta(seconds=1), reason="RequestMayBeRunning")
        await self.remove(row)
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            await repository.remove(session, credential_id)
        return Absent()

    async def remove(self, row: CredentialRow) -> str | None:
        """Take it out of Keystone; None if it is gone, else a sentence why it stays. Raises TransientError.

        By a live session of its owner, or else by the operator: Keystone lets only these two. With neither, the
        owner has to do it; that must not keep a cluster from ending.
        """
        if not row.created_by_platform:
            return "It was not made by the platform, so it stays in Keystone"
        for token in await self._tokens(row):
            try:
                await self._remove_with(token, row)
            except CloudUnavailable as error:
                raise TransientError(ErrorCode.INFRA_UNAVAILABLE, str(error)) from error
            except (NotAllowed, SignInRefused) as error:
                log.info("Not removed that way", credential_id=row.id, error=str(error))
            except CloudError as error:
                raise TransientError(ErrorCode.INFRA_UNAVAILABLE, str(error)) from error
            else:
                return None
        return (
            f"Application credential {row.keystone_name} is left; its owner should delete it: "
            f"`openstack application credential delete {row.application_credential_id or row.keystone_name}`"
        )

    async def _remove_with(self, token: bytes | None, row: CredentialRow) -> None:
        cloud = self._clouds.find(CloudId(row.cloud))
        if cloud is None:
            raise NotAllowed(f"The cloud {row.cloud} is not configured any more")
        await self._openstack.remove_application_credential(
            cloud, token, row.user_id, id=row.application_credential_id, name=row.keystone_name
        )

    async def _tokens(self, row: CredentialRow) -> list[bytes | None]:
        async with self._database.sessions() as session:
            owner = await self._owner_token(session, row)
        return [owner, None] if owner is not None else [None]

    async def _owner_token(self, session: AsyncSession, row: CredentialRow) -> bytes | None:
        found = await newest_password_session(session, row.cloud, row.user_id)
        return self._sessions.open_token(found) if found is not None else None
