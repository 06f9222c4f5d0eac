"""Sessions: an opaque token for the caller; where there is a project in a cloud, Keystone's token sealed in the row."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.errors import not_signed_in
from brb_api_gateway.identities.admission import admit, require_enabled
from brb_api_gateway.identities.identity import Identity
from brb_api_gateway.identities.models import UserRow
from brb_api_gateway.openstack.cloud import KeystoneSession
from brb_api_gateway.sessions import repository
from brb_api_gateway.sessions.models import SessionRow
from brb_api_gateway.sessions.principal import FOR_MACHINES, Principal, tenant_of
from brb_api_gateway.sessions.same_site import require_same_site
from brb_api_gateway.tokens.lookup import PREFIX as TOKEN_PREFIX
from brb_api_gateway.tokens.lookup import TokenLookup
from brb_shared.contracts.ids import CloudId, UserId, new_id
from brb_shared.database import Database
from brb_shared.secrets import Keyring

COOKIE = "brb_session"
_SESSION_PREFIX = "brb_s_"  # lets secret scanners recognise it


@dataclass(frozen=True)
class CloudProject:
    """The Keystone project that a session acts in, and Keystone's token for it."""

    cloud: CloudId
    keystone: KeystoneSession


class SessionService:
    def __init__(self, database: Database, keyring: Keyring, longest: timedelta, tokens: TokenLookup) -> None:
        self._database = database
        self._keyring = keyring
        self._longest = longest
        self._tokens = tokens

    async def start(
        self, identity: Identity, method: str, project: CloudProject | None = None, vouched_by: Collection[str] = ()
    ) -> tuple[Principal, str]:
        """The session and its bearer token, which is not kept. Raises Problem 403, see `admit`."""
        async with self._database.sessions.begin() as session:
            return await self.start_in(session, identity, method, project, vouched_by=vouched_by)

    async def start_in(
        self,
        session: AsyncSession,
        identity: Identity,
        method: str,
        project: CloudProject | None = None,
        *,
        vouched_by: Collection[str] = (),
        longest: timedelta = timedelta.max,
    ) -> tuple[Principal, str]:
        """As `start`, in the transaction that consumes what it was given for."""
        token = _SESSION_PREFIX + secrets.token_urlsafe(32)
        user = await admit(session, identity, vouched_by)
        row = _row(identity, method, token, min(self._longest, longest))
        if project is not None:
            self.put_project(row, project)
        await repository.add_session(session, row)
        return _principal(row, user), token

    def put_project(self, row: SessionRow, project: CloudProject) -> None:
        """The session lasts no longer than Keystone's token."""
        keystone = project.keystone
        row.cloud, row.project_id, row.project_name = project.cloud, keystone.project_id, keystone.project_name
        row.cloud_user_id = keystone.user_id
        row.sealed_token = self._keyring.seal(
            keystone.document, tenant=keystone.project_id, obj=row.id, field="keystone_token"
        )
        row.expires_at = min(row.expires_at, keystone.expires_at)

    async def sign_out(self, principal: Principal) -> None:
        async with self._database.sessions.begin() as session:
            await repository.remove_session(session, principal.session_id)

    async def authenticate(self, request: Request) -> Principal:
        """From the bearer token or the cookie; once for each request.

        Raises Problem 401, or 403 for a foreign site, a disabled user or identity provider.
        """
        known: Principal | None = getattr(request.state, "principal", None)
        if known is None:
            known = await self._find(_token(request))
            request.state.principal = known
        return known

    async def keystone_token(self, principal: Principal) -> bytes:
        """The document of Keystone's token. Raises Problem 401 when the session has ended, 409 without a project."""
        principal.require_tenant()
        if principal.method == FOR_MACHINES:
            return await self._tokens.keystone_token(principal)
        async with self._database.sessions() as session:
            row = await repository.find_by_id(session, principal.session_id)
        if row is None or row.sealed_token is None:
            raise not_signed_in()
        return self.open_token(row)

    def open_token(self, row: SessionRow) -> bytes:
        """Of a row with a project."""
        assert row.sealed_token is not None
        assert row.project_id is not None
        return self._keyring.open(row.sealed_token, tenant=row.project_id, obj=row.id, field="keystone_token")

    async def _find(self, token: str) -> Principal:
        if token.startswith(TOKEN_PREFIX):
            return await self._tokens.principal(token)
        async with self._database.reading() as session:
            found = await repository.find_by_token_hash(session, _hash(token))
        if found is None:
            raise not_signed_in("The session has ended; sign in again")
        row, user, provider_disabled_at = found
        require_enabled(user, provider_disabled_at)
        return _principal(row, user)


def _row(identity: Identity, method: str, token: str, longest: timedelta) -> SessionRow:
    now = datetime.now(UTC)
    return SessionRow(
        id=new_id("s"),
        token_hash=_hash(token),
        user_id=identity.user_id,
        identity_provider=identity.identity_provider,
        method=method,
        created_at=now,
        expires_at=now + longest,
    )


def _principal(row: SessionRow, user: UserRow) -> Principal:
    return Principal(
        session_id=row.id,
        user_id=UserId(row.user_id),
        user_name=user.name,
        identity_provider=row.identity_provider,
        method=row.method,
        created_at=row.created_at,
        expires_at=row.expires_at,
        tenant=tenant_of(row.cloud, row.project_id),
        project_name=row.project_name or "",
        cloud_user_id=row.cloud_user_id or "",
        user_groups=tuple(user.groups),
    )


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return token
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise not_signed_in()
    require_same_site(request)
    return cookie


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
