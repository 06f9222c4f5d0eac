"""Sign-in with Keystone: an opaque token for the caller, Keystone's token sealed in the row."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from fastapi import Request

from brb_api_gateway.clouds.registry import CloudRegistry
from brb_api_gateway.errors import cloud_problems, not_signed_in
from brb_api_gateway.openstack.cloud import ApplicationCredential, KeystoneSession, OpenStack, Password
from brb_api_gateway.sessions import repository
from brb_api_gateway.sessions.models import SessionRow
from brb_api_gateway.sessions.principal import FOR_MACHINES, Principal, Tenant
from brb_api_gateway.sessions.schemas import ApplicationCredentialSignIn, PasswordSignIn, SessionCreate
from brb_api_gateway.tokens.lookup import PREFIX as TOKEN_PREFIX
from brb_api_gateway.tokens.lookup import TokenLookup
from brb_shared.contracts.ids import CloudId, ProjectId, UserId, new_id
from brb_shared.database import Database
from brb_shared.http import Problem
from brb_shared.secrets import Keyring

COOKIE = "brb_session"
_SESSION_PREFIX = "brb_s_"  # lets secret scanners recognise it
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class SessionService:
    def __init__(
        self,
        database: Database,
        clouds: CloudRegistry,
        openstack: OpenStack,
        keyring: Keyring,
        longest: timedelta,
        tokens: TokenLookup,
    ) -> None:
        self._database = database
        self._clouds = clouds
        self._openstack = openstack
        self._keyring = keyring
        self._longest = longest
        self._tokens = tokens

    async def sign_in(self, body: SessionCreate) -> tuple[Principal, str]:
        """The session and its bearer token, which is not kept. Raises Problem 401, 422 or 503."""
        cloud_id = self._clouds.require_choice(body.cloud)
        with cloud_problems():
            signed_in = await self._openstack.sign_in(self._clouds.require(cloud_id), _auth(body.auth))
        token = _SESSION_PREFIX + secrets.token_urlsafe(32)
        row = self._row(cloud_id, body.auth.method, signed_in, token)
        async with self._database.sessions.begin() as session:
            await repository.add_session(session, row)
        return _principal(row), token

    async def sign_out(self, principal: Principal) -> None:
        async with self._database.sessions.begin() as session:
            await repository.remove_session(session, principal.session_id)

    async def authenticate(self, request: Request) -> Principal:
        """From the bearer token or the cookie; once for each request. Raises Problem 401, or 403 for a foreign site."""
        known: Principal | None = getattr(request.state, "principal", None)
        if known is None:
            known = await self._find(_token(request))
            request.state.principal = known
        return known

    async def keystone_token(self, principal: Principal) -> bytes:
        """The document of Keystone's token. Raises Problem 401 when the session has ended."""
        if principal.method == FOR_MACHINES:
            return await self._tokens.keystone_token(principal)
        async with self._database.sessions() as session:
            row = await repository.find_by_id(session, principal.session_id)
        if row is None:
            raise not_signed_in()
        return self.open_token(row)

    def open_token(self, row: SessionRow) -> bytes:
        return self._keyring.open(row.sealed_token, tenant=row.project_id, obj=row.id, field="keystone_token")

    async def _find(self, token: str) -> Principal:
        if token.startswith(TOKEN_PREFIX):
            return await self._tokens.principal(token)
        async with self._database.reading() as session:
            row = await repository.find_by_token_hash(session, _hash(token))
        if row is None:
            raise not_signed_in("The session has ended; sign in again")
        return _principal(row)

    def _row(self, cloud: CloudId, method: str, signed_in: KeystoneSession, token: str) -> SessionRow:
        id_, now = new_id("s"), datetime.now(UTC)
        sealed = self._keyring.seal(signed_in.document, tenant=signed_in.project_id, obj=id_, field="keystone_token")
        return SessionRow(
            id=id_,
            token_hash=_hash(token),
            cloud=cloud,
            user_id=signed_in.user_id,
            user_name=signed_in.user_name,
            project_id=signed_in.project_id,
            project_name=signed_in.project_name,
            method=method,
            sealed_token=sealed,
            created_at=now,
            expires_at=min(signed_in.expires_at, now + self._longest),
        )


def _auth(auth: PasswordSignIn | ApplicationCredentialSignIn) -> Password | ApplicationCredential:
    match auth:
        case ApplicationCredentialSignIn():
            return ApplicationCredential(auth.id, auth.secret.get_secret_value())
        case PasswordSignIn():
            return Password(
                username=auth.username,
                password=auth.password.get_secret_value(),
                user_domain_name=auth.user_domain_name,
                project_name=auth.project_name,
                project_id=auth.project_id,
                project_domain_name=auth.project_domain_name,
            )


def _principal(row: SessionRow) -> Principal:
    return Principal(
        session_id=row.id,
        user_id=UserId(row.user_id),
        user_name=row.user_name,
        project_name=row.project_name,
        tenant=Tenant(CloudId(row.cloud), ProjectId(row.project_id)),
        method=row.method,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return token
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        raise not_signed_in()
    _require_same_site(request)
    return cookie


def _require_same_site(request: Request) -> None:
    """Only cookies can be sent by a foreign page; SameSite=Lax is the first fence, this the second."""
    origin = request.headers.get("origin")
    if request.method not in _SAFE_METHODS and origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise Problem(403, "cross_site", "This request comes from another site's page")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
