"""Keys: made, listed, deleted, and opened for the one who verifies a message. Each method is one transaction."""

import base64
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns.errors import NameNotYours, NotFound, QuotaReached
from brb_dns.keys.model import DnsKey, Rights
from brb_dns.models import KeyRow
from brb_dns.records.names import parse_place
from brb_dns.records.ownership import may_touch
from brb_dns.records.values import RecordType
from brb_dns.zone.networks import AllowedNetworks
from brb_shared.contracts.ids import CloudId, ProjectId, new_id
from brb_shared.contracts.tenant import Tenant
from brb_shared.database import Database
from brb_shared.secrets import Keyring

_SECRET_BYTES = 32
_OPERATOR = "operator"


class Keys:
    def __init__(
        self, database: Database, keyring: Keyring, zone: str, allowed: AllowedNetworks, keys_per_tenant: int
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._zone = zone
        self._allowed = allowed
        self._limit = keys_per_tenant

    async def create(
        self, tenant: Tenant | None, rights: Rights, *, description: str = "", created_by: str | None = None
    ) -> tuple[DnsKey, str]:
        """The key and its secret in base64, which is shown this once.

        Raises NameNotYours if a name is neither the tenant's nor free, InvalidRecord or QuotaReached.
        """
        secret = secrets.token_bytes(_SECRET_BYTES)
        async with self._database.sessions.begin() as session:
            if tenant is not None:
                rights = await self._checked(session, tenant, rights)
            row = self._row(tenant, rights, secret, description, created_by)
            session.add(row)
            await session.flush()
            await session.refresh(row)
        return _key(row), base64.b64encode(secret).decode()

    async def list(self, tenant: Tenant) -> Sequence[DnsKey]:
        query = select(KeyRow).where(*_is_of(tenant)).order_by(KeyRow.id)
        async with self._database.sessions() as session:
            return [_key(row) for row in (await session.scalars(query)).all()]

    async def get(self, tenant: Tenant, key_id: str) -> DnsKey:
        """Raises NotFound."""
        async with self._database.sessions() as session:
            row = (await session.scalars(select(KeyRow).where(*_is_of(tenant), KeyRow.id == key_id))).one_or_none()
        if row is None:
            raise NotFound("There is no such key")
        return _key(row)

    async def delete(self, tenant: Tenant, key_id: str) -> DnsKey:
        """The one that was there; records that came by it stay. Raises NotFound."""
        gone = delete(KeyRow).where(*_is_of(tenant), KeyRow.id == key_id).returning(KeyRow)
        async with self._database.sessions.begin() as session:
            row = (await session.scalars(gone)).first()
            if row is None:
                raise NotFound("There is no such key")
            return _key(row)

    async def open(self, key_id: str) -> tuple[DnsKey, bytes] | None:
        """The key and its secret; None: no such key."""
        async with self._database.sessions() as session:
            row = await session.get(KeyRow, key_id)
        if row is None:
            return None
        return _key(row), self._keyring.open(row.secret_sealed, tenant=_sealed_for(row), obj=row.id, field="secret")

    async def mark_used(self, key_id: str) -> None:
        now = datetime.now(UTC)
        async with self._database.sessions.begin() as session:
            await session.execute(update(KeyRow).where(KeyRow.id == key_id).values(last_used_at=now))

    async def _checked(self, session: AsyncSession, tenant: Tenant, rights: Rights) -> Rights:
        count = select(func.count()).select_from(KeyRow).where(*_is_of(tenant))
        if (await session.scalars(count)).one() >= self._limit:
            raise QuotaReached(f"Your project has {self._limit} keys; delete one that is not used any more")
        places = [parse_place(name, self._zone, self._allowed) for name in rights.names]
        for place in places:
            if not await may_touch(session, tenant, place):
                raise NameNotYours(f"{place.name} belongs to another project, or its address to no cluster", "names")
        return Rights(tuple(place.name for place in places), rights.types, rights.may_transfer)

    def _row(
        self, tenant: Tenant | None, rights: Rights, secret: bytes, description: str, created_by: str | None
    ) -> KeyRow:
        row = KeyRow(
            id=new_id("dk"),
            cloud=tenant.cloud if tenant else None,
            project_id=tenant.project_id if tenant else None,
            description=description,
            names=list(rights.names),
            types=[type_.value for type_ in rights.types],
            may_transfer=rights.may_transfer,
            created_by=created_by,
        )
        row.secret_sealed = self._keyring.seal(secret, tenant=_sealed_for(row), obj=row.id, field="secret")
        return row


def _sealed_for(row: KeyRow) -> str:
    return f"{row.cloud}/{row.project_id}" if row.cloud else _OPERATOR


def _is_of(tenant: Tenant) -> tuple[Any, ...]:
    return (KeyRow.cloud == tenant.cloud, KeyRow.project_id == tenant.project_id)


def _key(row: KeyRow) -> DnsKey:
    tenant = None
    if row.cloud is not None and row.project_id is not None:
        tenant = Tenant(cloud=CloudId(row.cloud), project_id=ProjectId(row.project_id))
    return DnsKey(
        id=row.id,
        tenant=tenant,
        rights=Rights(tuple(row.names), tuple(RecordType(type_) for type_ in row.types), row.may_transfer),
        description=row.description,
        created_by=row.created_by,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
    )
