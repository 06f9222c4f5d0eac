"""A project in a cloud for a session that did not come from Keystone: attached by an application credential of it."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.clouds.registry import CloudRegistry
from brb_api_gateway.errors import conflict, given_credential_problems, not_signed_in
from brb_api_gateway.openstack.cloud import ApplicationCredential
from brb_api_gateway.sessions import repository
from brb_api_gateway.sessions.keystone import KeystoneSignIn
from brb_api_gateway.sessions.models import SessionRow
from brb_api_gateway.sessions.principal import BREAK_GLASS, OIDC, Principal, tenant_of
from brb_api_gateway.sessions.schemas import CloudProjectPut
from brb_api_gateway.sessions.service import SessionService
from brb_shared.database import Database

_WITHOUT_PROJECT = (OIDC, BREAK_GLASS)


class CloudProjects:
    def __init__(
        self, database: Database, clouds: CloudRegistry, keystone: KeystoneSignIn, sessions: SessionService
    ) -> None:
        self._database = database
        self._clouds = clouds
        self._keystone = keystone
        self._sessions = sessions

    async def attach(self, principal: Principal, body: CloudProjectPut) -> Principal:
        """In place of one that is attached. Raises Problem 401 where the session has ended, 409, 422 or 503."""
        _require_free(principal)
        secret = body.application_credential_secret.get_secret_value()
        cloud_id = self._clouds.require_choice(body.cloud)
        with given_credential_problems():
            given = ApplicationCredential(body.application_credential_id, secret)
            project = await self._keystone.open_project(cloud_id, given)
        async with self._database.sessions.begin() as session:
            row = await _require(session, principal)
            self._sessions.put_project(row, project)
            return _changed(principal, row)

    async def detach(self, principal: Principal) -> Principal:
        """Idempotent; what is open in the session's name ends. Raises Problem 401 or 409."""
        _require_free(principal)
        async with self._database.sessions.begin() as session:
            row = await _require(session, principal)
            row.cloud = row.cloud_user_id = row.project_id = row.project_name = row.sealed_token = None
            await repository.end_what_is_open(session, row.id)
            return _changed(principal, row)


def _require_free(principal: Principal) -> None:
    if principal.method not in _WITHOUT_PROJECT:
        detail = "This session came from Keystone or is an API token's, and keeps its project; sign in to the other one"
        raise conflict("project_is_keystones", detail)


async def _require(session: AsyncSession, principal: Principal) -> SessionRow:
    row = await repository.find_by_id(session, principal.session_id)
    if row is None:
        raise not_signed_in()
    return row


def _changed(principal: Principal, row: SessionRow) -> Principal:
    return replace(
        principal,
        tenant=tenant_of(row.cloud, row.project_id),
        project_name=row.project_name or "",
        cloud_user_id=row.cloud_user_id or "",
        expires_at=row.expires_at,
    )
