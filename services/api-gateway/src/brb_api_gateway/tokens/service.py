"""Make, list and revoke API tokens."""

import secrets
from datetime import UTC, datetime, timedelta

from brb_api_gateway.credentials.schemas import CredentialCreate
from brb_api_gateway.credentials.service import CredentialService
from brb_api_gateway.errors import not_found
from brb_api_gateway.sessions.principal import BREAK_GLASS, FOR_MACHINES, Principal
from brb_api_gateway.sessions.repository import ENDED_CHANNEL
from brb_api_gateway.tokens import repository
from brb_api_gateway.tokens.lookup import PREFIX, hash_of
from brb_api_gateway.tokens.models import ApiTokenRow
from brb_api_gateway.tokens.schemas import ApiTokenCreate, ApiTokenCreated, ApiTokenView
from brb_shared.contracts.ids import CloudId, CredentialId, new_id
from brb_shared.database import Database, notify
from brb_shared.http import Problem


class TokenService:
    def __init__(self, database: Database, credentials: CredentialService) -> None:
        self._database = database
        self._credentials = credentials

    async def create(self, principal: Principal, body: ApiTokenCreate) -> ApiTokenCreated:
        """Raises Problem 403 for a token's own session or an emergency's, and as making a credential does."""
        _require_may_make(principal)
        credential_id = await self._credential(principal, body)
        token = PREFIX + secrets.token_urlsafe(32)
        row = _row(principal, body, token, credential_id)
        async with self._database.sessions.begin() as session:
            await repository.add(session, row)
        return ApiTokenCreated(token=token, **_view(row).model_dump())

    async def list(self, principal: Principal) -> list[ApiTokenView]:
        async with self._database.sessions() as session:
            return [_view(row) for row in await repository.list_own(session, principal)]

    async def revoke(self, principal: Principal, token_id: str) -> None:
        """It is worth nothing from now on; its application credential goes too, unless a cluster uses it.

        Raises Problem 404.
        """
        async with self._database.sessions.begin() as session:
            row = await repository.find_own(session, principal, token_id)
            if row is None:
                raise not_found("API token")
            await repository.remove(session, row.id)
            await notify(session, ENDED_CHANNEL, row.id)
            if row.credential_id is not None:
                await self._credentials.let_go(session, CredentialId(row.credential_id))

    async def _credential(self, principal: Principal, body: ApiTokenCreate) -> CredentialId | None:
        """None for a maker without a project in a cloud, whose token does not reach one either."""
        if principal.tenant is None and body.application_credential_id is None:
            return None
        return (await self._credentials.create(principal, _credential(body))).id


def _require_may_make(principal: Principal) -> None:
    if principal.method == FOR_MACHINES:
        raise Problem(403, "token_cannot_make_tokens", "An API token cannot make another; sign in", user_fixable=True)
    if principal.method == BREAK_GLASS:
        detail = "The break-glass administrator is for an hour, so it makes no API tokens; sign in as somebody else"
        raise Problem(403, "break_glass_makes_no_tokens", detail, user_fixable=True)


def _credential(body: ApiTokenCreate) -> CredentialCreate:
    return CredentialCreate(
        name=f"API token {body.name}"[:100],
        application_credential_id=body.application_credential_id,
        application_credential_secret=body.application_credential_secret,
    )


def _row(principal: Principal, body: ApiTokenCreate, token: str, credential_id: CredentialId | None) -> ApiTokenRow:
    now, tenant = datetime.now(UTC), principal.tenant
    return ApiTokenRow(
        id=new_id("t"),
        token_hash=hash_of(token),
        name=body.name,
        user_id=principal.user_id,
        identity_provider=principal.identity_provider,
        cloud=tenant.cloud if tenant else None,
        cloud_user_id=principal.cloud_user_id or None,
        project_id=tenant.project_id if tenant else None,
        project_name=principal.project_name or None,
        credential_id=credential_id,
        verbs=list(body.verbs),
        resources=list(body.resources),
        created_at=now,
        expires_at=now + timedelta(days=body.expires_in_days),
    )


def _view(row: ApiTokenRow) -> ApiTokenView:
    return ApiTokenView(
        id=row.id,
        name=row.name,
        verbs=row.verbs,
        resources=row.resources,
        cloud=CloudId(row.cloud) if row.cloud else None,
        project_id=row.project_id,
        credential_id=row.credential_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
