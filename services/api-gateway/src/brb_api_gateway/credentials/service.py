"""Application credentials for the API. Their end in Keystone is `removal.py`'s, in the work process."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.clouds.registry import CloudRegistry
from brb_api_gateway.clusters.usage import clusters_using
from brb_api_gateway.credentials import repository
from brb_api_gateway.credentials.models import CredentialRow, CredentialState
from brb_api_gateway.credentials.schemas import CredentialCreate, CredentialView, WorkerCredential
from brb_api_gateway.database import Work
from brb_api_gateway.errors import cloud_problems, conflict, given_credential_problems, invalid, not_found
from brb_api_gateway.openstack.cloud import (
    ApplicationCredential,
    MadeCredential,
    NotAllowed,
    OpenStack,
    VerifiedCredential,
)
from brb_api_gateway.sessions.principal import Principal, Tenant
from brb_api_gateway.sessions.service import SessionService
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId, new_id
from brb_shared.database import Database
from brb_shared.http import FieldError
from brb_shared.reconcile import wake
from brb_shared.secrets import Keyring, redactor

INTENT_LIFE = timedelta(minutes=10)
"""An intent older than this was left behind by a request that ended: a request lasts a minute or two."""

_NAMED = "/spec/cloud_credential_id"
_RESTRICTED_SESSION = (
    "Your session is that of a restricted application credential, which cannot make another. Sign in with a password, "
    "or register one at POST /v1/credentials and give its id as cloud_credential_id"
)


class CredentialService:
    def __init__(
        self,
        database: Database,
        clouds: CloudRegistry,
        openstack: OpenStack,
        sessions: SessionService,
        keyring: Keyring,
    ) -> None:
        self._database = database
        self._clouds = clouds
        self._openstack = openstack
        self._sessions = sessions
        self._keyring = keyring

    async def create(self, principal: Principal, body: CredentialCreate) -> CredentialView:
        """Raises Problem 403 where the session may not make one, 422 where a given one is not restricted or foreign."""
        if body.application_credential_id and body.application_credential_secret:
            given = ApplicationCredential(
                body.application_credential_id, body.application_credential_secret.get_secret_value()
            )
            prepared = await self._register(principal, body.name, given)
        else:
            credential_id = CredentialId(new_id("cr"))
            prepared = await self.prepare(principal, credential_id, body.name, f"brb-{credential_id}")
        async with self._database.sessions.begin() as session:
            await self.keep(session, prepared)
        return await self.get(principal.require_tenant(), CredentialId(prepared.row.id))

    async def prepare(
        self,
        principal: Principal,
        credential_id: CredentialId,
        name: str,
        keystone_name: str,
        cluster_id: ClusterId | None = None,
    ) -> "Prepared":
        """Write the intent, then make it in Keystone. Without a `keep` it is found by its name later and removed."""
        row = _intent(principal, credential_id, name, keystone_name, cluster_id)
        token = await self._sessions.keystone_token(principal)
        await self._add_intent(row)
        with cloud_problems():
            made = await self._make(principal, token, keystone_name)
        return Prepared(row, made)

    async def keep(self, session: AsyncSession, prepared: "Prepared") -> None:
        """Seal the secret, in the transaction that needs it. Raises Problem 409 if the intent was given up."""
        row, made = prepared.row, prepared.made
        sealed = self._keyring.seal(made.secret.encode(), tenant=row.project_id, obj=row.id, field="secret")
        if not await repository.make_ready(session, row.id, made.id, sealed):
            raise conflict("given_up", "Keystone took too long to make the credential; try again")

    async def abandon(self, prepared: "Prepared") -> None:
        """What needed it did not come to be."""
        async with self._database.sessions.begin() as session:
            await repository.mark_deleting(session, prepared.row.id)
            await wake(session, Work, prepared.row.id)

    async def require_usable(self, tenant: Tenant, credential_id: CredentialId, cluster_id: ClusterId) -> None:
        """Raises Problem 422: it is named in the spec of this cluster."""
        row = await self._require_named(tenant, credential_id)
        if row.cluster_id not in (None, cluster_id):
            detail = f"{credential_id} is the own credential of cluster {row.name} and goes with it; name another"
            raise invalid([FieldError(pointer=_NAMED, detail=detail)])

    async def belongs_to_a_cluster(self, tenant: Tenant, credential_id: CredentialId) -> bool:
        """It goes with that cluster, so that no other can share it. Raises Problem 422."""
        return (await self._require_named(tenant, credential_id)).cluster_id is not None

    async def _require_named(self, tenant: Tenant, credential_id: CredentialId) -> CredentialRow:
        async with self._database.sessions() as session:
            row = await repository.find_visible(session, tenant, credential_id)
        if row is None:
            detail = f"there is no credential {credential_id} in your project"
            raise invalid([FieldError(pointer=_NAMED, detail=detail)])
        return row

    async def list(self, tenant: Tenant) -> list[CredentialView]:
        async with self._database.sessions() as session:
            return [_view(row) for row in await repository.list_visible(session, tenant)]

    async def get(self, tenant: Tenant, credential_id: CredentialId) -> CredentialView:
        async with self._database.sessions() as session:
            return _view(await _require(session, tenant, credential_id))

    async def delete(self, principal: Principal, credential_id: CredentialId) -> None:
        """It is not visible from now on; Keystone's part follows in the work process."""
        async with self._database.sessions.begin() as session:
            await _require(session, principal.require_tenant(), credential_id)
            using = await clusters_using(session, credential_id)
            if using:
                raise conflict("in_use", f"It is used by the clusters {', '.join(using)}; delete them first")
            await repository.mark_deleting(session, credential_id)
            await wake(session, Work, credential_id)

    async def let_go(self, session: AsyncSession, credential_id: CredentialId) -> None:
        """In the transaction that ends what it was made for. One that a cluster uses stays."""
        if not await clusters_using(session, credential_id):
            await repository.mark_deleting(session, credential_id)
            await wake(session, Work, credential_id)

    async def secret(self, credential_id: CredentialId) -> WorkerCredential:
        """For the workers. Raises Problem 404."""
        async with self._database.sessions() as session:
            row = await repository.find(session, credential_id)
        if row is None or row.sealed_secret is None or row.application_credential_id is None:
            raise not_found("credential")
        opened = self._keyring.open(row.sealed_secret, tenant=row.project_id, obj=row.id, field="secret").decode()
        redactor.add(opened)
        return WorkerCredential(
            credential_id=credential_id,
            cloud=CloudId(row.cloud),
            name=row.keystone_name,
            project_id=row.project_id,
            user_id=row.user_id,
            application_credential_id=row.application_credential_id,
            application_credential_secret=opened,
        )

    async def _make(self, principal: Principal, token: bytes, keystone_name: str) -> MadeCredential:
        cloud, user_id = self._clouds.require(principal.require_tenant().cloud), principal.cloud_user_id
        try:
            return await self._openstack.create_application_credential(cloud, token, user_id, keystone_name)
        except NotAllowed as error:
            if principal.method == "password":
                raise
            raise NotAllowed(_RESTRICTED_SESSION) from error

    async def _register(self, principal: Principal, name: str, given: ApplicationCredential) -> "Prepared":
        cloud = self._clouds.require(principal.require_tenant().cloud)
        with given_credential_problems(), cloud_problems():
            verified = await self._openstack.verify_application_credential(cloud, given)
        _require_fit(verified, principal)
        row = _intent(principal, CredentialId(new_id("cr")), name, name, None)
        row.user_id, row.created_by_platform = verified.user_id, False
        await self._add_intent(row)
        return Prepared(row, MadeCredential(given.id, given.secret))

    async def _add_intent(self, row: CredentialRow) -> None:
        async with self._database.sessions.begin() as session:
            await repository.add_credential(session, row)
            await wake(session, Work, row.id, delay=INTENT_LIFE)


@dataclass(frozen=True)
class Prepared:
    """Made in Keystone, not yet kept here."""

    row: CredentialRow
    made: MadeCredential


def _intent(
    principal: Principal, credential_id: CredentialId, name: str, keystone_name: str, cluster_id: ClusterId | None
) -> CredentialRow:
    tenant = principal.require_tenant()
    return CredentialRow(
        id=credential_id,
        state=CredentialState.INTENT,
        name=name,
        cloud=tenant.cloud,
        project_id=tenant.project_id,
        user_id=principal.cloud_user_id,
        keystone_name=keystone_name,
        created_by_platform=True,
        cluster_id=cluster_id,
        created_at=datetime.now(UTC),
    )


def _require_fit(verified: VerifiedCredential, principal: Principal) -> None:
    pointer = "/application_credential_id"
    if verified.project_id != principal.require_tenant().project_id:
        raise invalid([FieldError(pointer=pointer, detail="it is of another project than your session")])
    if verified.unrestricted:
        detail = "it is unrestricted, so it could make further credentials; make a restricted one"
        raise invalid([FieldError(pointer=pointer, detail=detail)])


async def _require(session: AsyncSession, tenant: Tenant, credential_id: CredentialId) -> CredentialRow:
    row = await repository.find_visible(session, tenant, credential_id)
    if row is None:
        raise not_found("credential")
    return row


def _view(row: CredentialRow) -> CredentialView:
    return CredentialView(
        id=CredentialId(row.id),
        name=row.name,
        cloud=CloudId(row.cloud),
        project_id=row.project_id,
        user_id=row.user_id,
        application_credential_id=row.application_credential_id or "",
        created_by_platform=row.created_by_platform,
        cluster_id=ClusterId(row.cluster_id) if row.cluster_id else None,
        created_at=row.created_at,
    )
