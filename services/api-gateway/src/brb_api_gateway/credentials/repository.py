"""SQL of credentials."""

from collections.abc import Sequence

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.credentials.models import CredentialRow, CredentialState
from brb_api_gateway.sessions.principal import Tenant


async def add_credential(session: AsyncSession, row: CredentialRow) -> None:
    session.add(row)


async def find(session: AsyncSession, credential_id: str) -> CredentialRow | None:
    return await session.get(CredentialRow, credential_id)


async def find_visible(session: AsyncSession, tenant: Tenant, credential_id: str) -> CredentialRow | None:
    query = _visible(tenant).where(CredentialRow.id == credential_id)
    return (await session.scalars(query)).one_or_none()


async def list_visible(session: AsyncSession, tenant: Tenant) -> Sequence[CredentialRow]:
    return (await session.scalars(_visible(tenant).order_by(CredentialRow.created_at, CredentialRow.id))).all()


async def make_ready(
    session: AsyncSession, credential_id: str, application_credential_id: str, sealed_secret: bytes
) -> bool:
    """False if the intent was given up meanwhile."""
    intent = (CredentialRow.id == credential_id, CredentialRow.state == CredentialState.INTENT)
    ready = (
        update(CredentialRow)
        .where(*intent)
        .values(
            state=CredentialState.READY,
            application_credential_id=application_credential_id,
            sealed_secret=sealed_secret,
        )
        .returning(CredentialRow.id)
    )
    return (await session.execute(ready)).scalar_one_or_none() is not None


async def of_cluster(session: AsyncSession, cluster_id: str) -> Sequence[CredentialRow]:
    """Those made for this cluster alone: its own, and own ones that were replaced, in any state."""
    query = select(CredentialRow).where(CredentialRow.cluster_id == cluster_id).order_by(CredentialRow.created_at)
    return (await session.scalars(query)).all()


async def mark_replaced(session: AsyncSession, cluster_id: str, current_id: str) -> Sequence[str]:
    """The cluster's own credentials but the current one begin to go; their ids."""
    others = (CredentialRow.cluster_id == cluster_id, CredentialRow.id != current_id)
    going = update(CredentialRow).where(*others, CredentialRow.state == CredentialState.READY)
    marked = going.values(state=CredentialState.DELETING, sealed_secret=None).returning(CredentialRow.id)
    return (await session.scalars(marked)).all()


async def mark_deleting(session: AsyncSession, credential_id: str) -> None:
    """The secret goes at once; what is left is what finds it in Keystone."""
    await session.execute(
        update(CredentialRow)
        .where(CredentialRow.id == credential_id)
        .values(state=CredentialState.DELETING, sealed_secret=None)
    )


async def remove(session: AsyncSession, credential_id: str) -> None:
    await session.execute(delete(CredentialRow).where(CredentialRow.id == credential_id))


async def remove_of_cluster(session: AsyncSession, cluster_id: str) -> None:
    await session.execute(delete(CredentialRow).where(CredentialRow.cluster_id == cluster_id))


def _visible(tenant: Tenant) -> Select[CredentialRow]:
    return select(CredentialRow).where(
        CredentialRow.cloud == tenant.cloud,
        CredentialRow.project_id == tenant.project_id,
        CredentialRow.state == CredentialState.READY,
    )
