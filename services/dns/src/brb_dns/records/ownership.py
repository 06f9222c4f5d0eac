"""Whose a name is: SQL of addresses and user hostnames. All of it in the caller's transaction, the zone locked."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns.errors import NameNotYours, NameTaken, NotFound, QuotaReached
from brb_dns.models import AddressRow, DesiredRow, HostnameRow, RecordRow
from brb_dns.records.model import Owner
from brb_dns.records.names import HOSTNAMES, Place
from brb_dns.records.values import Address
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.dns import DnsDesired
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.tenant import Tenant

HOLD = timedelta(days=30)
"""A hostname that is not used any more stays its tenant's for so long: nobody else takes over its visitors at once."""


async def require_owned(session: AsyncSession, owner: Owner, place: Place, *, hostnames_per_tenant: int) -> None:
    """Claims a user hostname that is free. Raises NameNotYours, NameTaken, QuotaReached or NotFound."""
    if owner.cluster_id is not None:
        await _require_cluster(session, owner.tenant, owner.cluster_id)
    if place.address is not None:
        await _require_address(session, owner, place)
    elif place.label is not None:
        await _require_hostname(session, owner.tenant, place.label, hostnames_per_tenant)


async def may_touch(session: AsyncSession, tenant: Tenant, place: Place) -> bool:
    """Whether the name is the tenant's now, or free for it to claim."""
    if place.address is not None:
        row = await session.get(AddressRow, str(place.address))
        return row is not None and _is_of(row, tenant)
    assert place.label is not None
    hostname = await session.get(HostnameRow, place.label)
    return hostname is None or _is_of(hostname, tenant) or _is_free(hostname)


async def cluster_of(session: AsyncSession, address: Address) -> str:
    """Whose address it is; empty if it is nobody's."""
    row = await session.get(AddressRow, str(address))
    return row.cluster_id if row is not None else ""


async def free_unused_hostnames(session: AsyncSession, labels: Sequence[str]) -> None:
    """Those of `labels` without a record begin their time of hold."""
    for label in set(labels):
        used = (await session.scalars(select(RecordRow.id).where(RecordRow.label == label).limit(1))).first()
        row = await session.get(HostnameRow, label)
        if used is None and row is not None:
            row.freed_at = datetime.now(UTC)


async def _require_cluster(session: AsyncSession, tenant: Tenant, cluster_id: ClusterId) -> None:
    """One that is going takes no new records: they would be purged, or stay behind."""
    row = await session.get(DesiredRow, cluster_id)
    desired = DnsDesired.model_validate(row.document) if row is not None else None
    if desired is None or desired.tenant != tenant or desired.presence is Presence.ABSENT:
        raise NotFound(f"There is no cluster {cluster_id} with public addresses", "cluster_id")


async def _require_address(session: AsyncSession, owner: Owner, place: Place) -> None:
    row = await session.get(AddressRow, str(place.address))
    if row is None or not _is_of(row, owner.tenant):
        text = f"{place.name} lies under the address {place.address}, which is not one of your clusters'"
        raise NameNotYours(text, "name")
    if owner.cluster_id is not None and row.cluster_id != owner.cluster_id:
        raise NameNotYours(f"{place.name} lies under {place.address}, which is not {owner.cluster_id}'s", "name")


async def _require_hostname(session: AsyncSession, tenant: Tenant, label: str, limit: int) -> None:
    row = await session.get(HostnameRow, label)
    if row is not None and not _is_of(row, tenant) and not _is_free(row):
        raise NameTaken(f"{label}.{HOSTNAMES} belongs to another project; choose another name", "name")
    if row is None or not _is_of(row, tenant):
        await _require_room(session, tenant, limit)
    if row is None:
        session.add(HostnameRow(label=label, cloud=tenant.cloud, project_id=tenant.project_id))
    else:
        row.cloud, row.project_id, row.freed_at = tenant.cloud, tenant.project_id, None
    await session.flush()


async def _require_room(session: AsyncSession, tenant: Tenant, limit: int) -> None:
    mine = (HostnameRow.cloud == tenant.cloud, HostnameRow.project_id == tenant.project_id)
    held = or_(HostnameRow.freed_at.is_(None), HostnameRow.freed_at > datetime.now(UTC) - HOLD)
    used = (await session.scalars(select(func.count()).select_from(HostnameRow).where(*mine, held))).one()
    if used >= limit:
        raise QuotaReached(f"Your project has {used} of {limit} host names; unused ones count for {HOLD.days} days")


def _is_of(row: AddressRow | HostnameRow, tenant: Tenant) -> bool:
    return row.cloud == tenant.cloud and row.project_id == tenant.project_id


def _is_free(row: HostnameRow) -> bool:
    return row.freed_at is not None and datetime.now(UTC) - row.freed_at > HOLD
