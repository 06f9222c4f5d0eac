"""Who a token stands for, and the cloud access behind it. Used by the sessions, which let callers in."""

import hashlib
from datetime import UTC, datetime, timedelta

from brb_api_gateway.clouds.registry import CloudRegistry
from brb_api_gateway.credentials import repository as credentials
from brb_api_gateway.errors import cloud_problems, not_signed_in
from brb_api_gateway.identities.admission import require_enabled
from brb_api_gateway.identities.models import UserRow
from brb_api_gateway.openstack.cloud import ApplicationCredential, KeystoneSession, OpenStack
from brb_api_gateway.sessions.principal import FOR_MACHINES, Principal, tenant_of
from brb_api_gateway.tokens import repository
from brb_api_gateway.tokens.models import ApiTokenRow
from brb_api_gateway.tokens.scope import TokenScope
from brb_shared.contracts.ids import UserId
from brb_shared.database import Database
from brb_shared.secrets import Keyring, redactor

PREFIX = "brb_t_"
_MARGIN = timedelta(minutes=5)


class TokenLookup:
    def __init__(self, database: Database, clouds: CloudRegistry, openstack: OpenStack, keyring: Keyring) -> None:
        self._database = database
        self._clouds = clouds
        self._openstack = openstack
        self._keyring = keyring
        self._kept: dict[str, KeystoneSession] = {}

    async def principal(self, token: str) -> Principal:
        """Raises Problem 401, or 403 where its maker or his identity provider is disabled."""
        async with self._database.sessions.begin() as session:
            found = await repository.find_living(session, hash_of(token))
            if found is None:
                raise not_signed_in("The API token is not known, was revoked, or has expired")
            row, user, provider_disabled_at = found
            require_enabled(user, provider_disabled_at)
            await repository.note_use(session, row.id)
        return _principal(row, user)

    async def keystone_token(self, principal: Principal) -> bytes:
        """Signs in with the token's application credential. Raises Problem 401 or 503."""
        kept = self._kept.get(principal.session_id)
        if kept is None or kept.expires_at - _MARGIN < datetime.now(UTC):
            cloud = self._clouds.require(principal.require_tenant().cloud)
            with cloud_problems():
                kept = await self._openstack.sign_in(cloud, await self._credential(principal))
            self._kept[principal.session_id] = kept
        return kept.document

    async def _credential(self, principal: Principal) -> ApplicationCredential:
        async with self._database.sessions() as session:
            token = await repository.find(session, principal.session_id)
            row = await credentials.find(session, token.credential_id) if token and token.credential_id else None
        if row is None or row.sealed_secret is None or row.application_credential_id is None:
            raise not_signed_in("The API token's cloud credential is gone; make another token")
        secret = self._keyring.open(row.sealed_secret, tenant=row.project_id, obj=row.id, field="secret").decode()
        redactor.add(secret)
        return ApplicationCredential(row.application_credential_id, secret)


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _principal(row: ApiTokenRow, user: UserRow) -> Principal:
    return Principal(
        session_id=row.id,
        user_id=UserId(row.user_id),
        user_name=user.name,
        identity_provider=row.identity_provider,
        method=FOR_MACHINES,
        created_at=row.created_at,
        expires_at=row.expires_at,
        tenant=tenant_of(row.cloud, row.project_id),
        project_name=row.project_name or "",
        cloud_user_id=row.cloud_user_id or "",
        user_groups=tuple(user.groups),
        scope=TokenScope(tuple(row.verbs), tuple(row.resources)),
    )
