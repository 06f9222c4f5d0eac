"""Identity providers for the API. The sign-in itself is in `oidc/`, `sessions/keystone.py` and `break_glass.py`."""

from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.credentials.service import CredentialService
from brb_api_gateway.errors import conflict, invalid, not_found
from brb_api_gateway.etags import require_match
from brb_api_gateway.identities import repository
from brb_api_gateway.identities.ending import end_all
from brb_api_gateway.identities.identity import ProviderKind
from brb_api_gateway.identities.models import IdentityProviderRow
from brb_api_gateway.identities.provider_row import change_row, new_row, require_free_id, require_revivable
from brb_api_gateway.identities.provider_view import choice_view, provider_view
from brb_api_gateway.identities.schemas import (
    IdentityProviderCreate,
    IdentityProviderPatch,
    IdentityProviderView,
    SignInChoice,
)
from brb_api_gateway.identities.standing import StandingProviders
from brb_api_gateway.oidc.address import is_acceptable
from brb_api_gateway.sessions.principal import Principal
from brb_api_gateway.webhooks.target import TargetPolicy, TargetRefused
from brb_shared.database import Database
from brb_shared.http import FieldError
from brb_shared.secrets import Keyring

log = structlog.get_logger()


class IdentityProviderService:
    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        credentials: CredentialService,
        standing: StandingProviders,
        policy: TargetPolicy,
        *,
        allow_http: bool,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._credentials = credentials
        self._standing = standing
        self._policy = policy
        self._allow_http = allow_http

    async def list_all(self) -> list[IdentityProviderView]:
        return [provider_view(row) for row in await self._rows()]

    async def choices(self) -> list[SignInChoice]:
        return [choice_view(row) for row in await self._rows() if row.disabled_at is None]

    async def get(self, provider_id: str) -> IdentityProviderView:
        """Raises Problem 404."""
        async with self._database.sessions() as session:
            kept = await repository.find_provider(session, provider_id)
        return provider_view(_living(kept or self._standing.find(provider_id)))

    async def create(self, body: IdentityProviderCreate) -> IdentityProviderView:
        """Raises Problem 409 for an id that is or was another issuer's, 422 for an issuer that may not be called."""
        require_free_id(body.id)
        await self._require_callable(body.issuer)
        row = new_row(body, self._keyring)
        async with self._database.sessions.begin() as session:
            if not await repository.add_provider(session, row):
                before = await repository.find_provider(session, body.id, lock=True)
                assert before is not None  # rows are never removed
                require_revivable(before, body)
                row.generation = before.generation + 1
                await session.merge(row)
        return provider_view(row)

    async def patch(
        self, principal: Principal, provider_id: str, body: IdentityProviderPatch, if_match: str | None
    ) -> IdentityProviderView:
        """Raises Problem 404, 409 for one's own, 412, 422 or 428."""
        async with self._database.sessions.begin() as session:
            row = await self._require(session, provider_id, if_match)
            change_row(row, body, self._keyring)
            if body.disabled and row.disabled_at is None:
                await self._disable(session, principal, row)
            elif body.disabled is False:
                row.disabled_at = None
            row.generation += 1
            return provider_view(row)

    async def delete(self, principal: Principal, provider_id: str, if_match: str | None) -> None:
        """Its users stay, and cannot sign in. Raises Problem 404, 409, 412 or 428."""
        async with self._database.sessions.begin() as session:
            row = await self._require(session, provider_id, if_match)
            if row.kind != ProviderKind.OIDC:
                raise conflict("not_removable", f"{row.display_name} can be disabled, but not deleted")
            await self._disable(session, principal, row)
            row.deleted_at, row.sealed_client_secret = row.disabled_at, None
            row.generation += 1

    async def _disable(self, session: AsyncSession, principal: Principal, row: IdentityProviderRow) -> None:
        if row.id == principal.identity_provider:
            detail = "You are signed in by this identity provider; sign in by another one, then take this one away"
            raise conflict("own_identity_provider", detail)
        row.disabled_at = datetime.now(UTC)
        ended = await end_all(session, self._credentials, identity_provider=row.id)
        log.info("Identity provider is disabled", identity_provider=row.id, ended=ended)

    async def _rows(self) -> list[IdentityProviderRow]:
        async with self._database.sessions() as session:
            return self._standing.among(await repository.list_providers(session))

    async def _require(self, session: AsyncSession, provider_id: str, if_match: str | None) -> IdentityProviderRow:
        """For a change: locked, and from now on with a row. Raises Problem 404, 412 or 428."""
        standing = self._standing.find(provider_id)
        if standing is not None:
            await repository.add_provider(session, standing)
        row = _living(await repository.find_provider(session, provider_id, lock=True))
        require_match(row.generation, if_match)
        return row

    async def _require_callable(self, issuer: str) -> None:
        """Raises Problem 422."""
        if not is_acceptable(issuer, allow_http=self._allow_http):
            detail = "give a https URL, without user, password or fragment; http is for loopback addresses"
            raise invalid([FieldError(pointer="/issuer", detail=detail)])
        try:
            await self._policy.resolve(issuer)
        except TargetRefused as error:
            raise invalid([FieldError(pointer="/issuer", detail=str(error))]) from error


def _living(row: IdentityProviderRow | None) -> IdentityProviderRow:
    if row is None or row.deleted_at is not None:
        raise not_found("identity provider")
    return row
