"""Records for the API and for the certificates: each method is one transaction."""

from collections.abc import Sequence

from brb_dns.errors import NotFound
from brb_dns.models import ZoneRow
from brb_dns.records import store
from brb_dns.records.editing import Limits, editing
from brb_dns.records.model import Draft, Owner, Record, Source
from brb_dns.records.names import parse_place
from brb_dns.records.publishing import snapshot
from brb_dns.records.values import RecordType, parse_value
from brb_dns.zone.networks import AllowedNetworks
from brb_shared.contracts.tenant import Tenant
from brb_shared.contracts.zone import ZoneSnapshot
from brb_shared.database import Database


class Records:
    def __init__(self, database: Database, limits: Limits, allowed: AllowedNetworks) -> None:
        """`allowed`: what the zone answers for; a record may point there, and to public addresses."""
        self._database = database
        self._limits = limits
        self._allowed = allowed

    @property
    def zone(self) -> str:
        return self._limits.zone

    def draft(self, name: str, type_: RecordType, value: str, ttl_seconds: int) -> Draft:
        """Raises InvalidRecord or NameNotYours."""
        place = parse_place(name, self.zone, self._allowed)
        return Draft(place, type_, parse_value(type_, value, self._allowed), ttl_seconds)

    async def add(
        self,
        owner: Owner,
        draft: Draft,
        source: Source,
        *,
        created_by: str | None = None,
        replace: bool = False,
    ) -> Record:
        """Idempotent. Raises DnsError; see `Edit.add`."""
        async with editing(self._database, self._limits) as edit:
            return await edit.add(owner, draft, source, created_by=created_by, replace=replace)

    async def remove(self, tenant: Tenant, record_id: str) -> Record:
        """The one that was there. Raises NotFound."""
        async with editing(self._database, self._limits) as edit:
            row = await store.find(edit.session, tenant, record_id)
            if row is None:
                raise NotFound("There is no such record")
            await edit.remove([row])
        return store.record_of(row)

    async def withdraw(self, name: str, type_: RecordType, value: str, source: Source) -> None:
        """Remove what `source` added under that name. Idempotent."""
        draft = self.draft(name, type_, value, 0)
        async with editing(self._database, self._limits) as edit:
            rows = await store.at_name(edit.session, draft.name)
            mine = [row for row in rows if (row.type, row.value, row.source) == (type_, draft.value, source)]
            await edit.remove(mine)

    async def get(self, tenant: Tenant, record_id: str) -> Record:
        """Raises NotFound."""
        async with self._database.sessions() as session:
            row = await store.find(session, tenant, record_id)
        if row is None:
            raise NotFound("There is no such record")
        return store.record_of(row)

    async def list(
        self,
        tenant: Tenant,
        *,
        after: str = "",
        limit: int = 100,
        name: str | None = None,
        type_: RecordType | None = None,
        cluster_id: str | None = None,
    ) -> Sequence[Record]:
        """A page, by id."""
        filters = {"name": name, "type": type_, "cluster_id": cluster_id}
        async with self._database.sessions() as session:
            rows = await store.of_tenant(session, tenant, after=after, limit=limit, **filters)
        return [store.record_of(row) for row in rows]

    async def serial(self) -> int:
        """Of the zone's SOA now; 0 before the first change."""
        async with self._database.sessions() as session:
            row = await session.get(ZoneRow, self.zone)
        return row.serial if row is not None else 0

    async def snapshot(self, tenant: Tenant | None = None) -> ZoneSnapshot:
        """All records at one moment, or the tenant's."""
        async with self._database.sessions() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return await snapshot(session, self.zone, tenant)
