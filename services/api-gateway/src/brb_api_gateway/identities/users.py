"""Users for the API: who has ever signed in, and who may not any more."""

from datetime import UTC, datetime

import structlog

from brb_api_gateway.authorization.authz import Authz
from brb_api_gateway.credentials.service import CredentialService
from brb_api_gateway.errors import conflict, not_found
from brb_api_gateway.identities import repository
from brb_api_gateway.identities.ending import end_all
from brb_api_gateway.identities.models import UserRow
from brb_api_gateway.identities.schemas import UserPatch, UserView
from brb_api_gateway.paging import decode_token, page
from brb_api_gateway.sessions.principal import Principal
from brb_shared.contracts.bodies import Page
from brb_shared.database import Database

log = structlog.get_logger()


class UserService:
    def __init__(self, database: Database, credentials: CredentialService, authz: Authz) -> None:
        self._database = database
        self._credentials = credentials
        self._authz = authz

    async def list(
        self, *, identity_provider: str | None, disabled: bool | None, page_size: int, page_token: str | None
    ) -> Page[UserView]:
        async with self._database.sessions() as session:
            rows = await repository.list_users(
                session,
                after=decode_token(page_token) or "",
                limit=page_size + 1,
                identity_provider=identity_provider,
                disabled=disabled,
            )
        return page(rows, page_size, _view, lambda row: row.id)

    async def get(self, user_id: str) -> UserView:
        """Raises Problem 404."""
        async with self._database.sessions() as session:
            return _view(_found(await repository.find_user(session, user_id)))

    async def patch(self, principal: Principal, user_id: str, body: UserPatch) -> UserView:
        """Idempotent. Raises Problem 404, or 409 for oneself; 503 where it holds here, but not yet in the clusters."""
        if body.disabled and user_id == principal.user_id:
            raise conflict("own_user", "You cannot disable yourself; another administrator can")
        view = await self._change(user_id, body)
        tell = self._authz.disable_user if body.disabled else self._authz.enable_user
        await tell(principal, user_id)
        return view

    async def _change(self, user_id: str, body: UserPatch) -> UserView:
        async with self._database.sessions.begin() as session:
            row = _found(await repository.find_user(session, user_id, lock=True))
            if body.disabled and row.disabled_at is None:
                row.disabled_at = datetime.now(UTC)
                ended = await end_all(session, self._credentials, user_id=user_id)
                log.info("User is disabled", user_id=user_id, ended=ended)
            elif not body.disabled:
                row.disabled_at = None
            return _view(row)


def _found(row: UserRow | None) -> UserRow:
    if row is None:
        raise not_found("user")
    return row


def _view(row: UserRow) -> UserView:
    return UserView(
        id=row.id,
        identity_provider=row.identity_provider,
        subject=row.subject,
        name=row.name,
        email=row.email,
        groups=row.groups,
        disabled=row.disabled_at is not None,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
        last_signed_in_at=row.last_signed_in_at,
    )
