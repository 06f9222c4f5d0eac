"""Which addresses are a cluster's own: SQL in the caller's transaction, the zone locked."""

from collections.abc import Sequence
from ipaddress import ip_address

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns.models import AddressRow, RecordRow
from brb_dns.records.names import app_domain
from brb_dns.records.values import Address
from brb_shared.contracts.dns import DnsDesired


async def claim(session: AsyncSession, desired: DnsDesired, zone: str) -> tuple[str, ...]:
    """Make the listed addresses the cluster's; those that are still another's."""
    held: list[str] = []
    for address in parse_addresses(desired.addresses):
        row = await session.get(AddressRow, str(address))
        if row is not None and row.cluster_id != desired.cluster_id:
            held.append(str(address))
        elif row is None:
            session.add(_row(desired, address, zone))
        else:
            row.project, row.domain = desired.project, app_domain(desired.project, address, zone)
    await session.flush()
    return tuple(held)


async def release(session: AsyncSession, cluster_id: str, *, but: Sequence[str] = ()) -> tuple[str, ...]:
    """Let go of the cluster's addresses that are not in `but`; those let go."""
    query = select(AddressRow).where(AddressRow.cluster_id == cluster_id, AddressRow.address.not_in(but))
    rows = (await session.scalars(query)).all()
    for row in rows:
        await session.delete(row)
    await session.flush()
    return tuple(sorted(row.address for row in rows))


async def records_to_purge(
    session: AsyncSession, addresses: Sequence[str], cluster_id: str | None = None
) -> Sequence[RecordRow]:
    """Under the addresses, whoever owns them; with `cluster_id` also the cluster's own elsewhere."""
    under = RecordRow.address.in_(addresses)
    condition = under if cluster_id is None else or_(under, RecordRow.cluster_id == cluster_id)
    return (await session.scalars(select(RecordRow).where(condition))).all()


def parse_addresses(texts: Sequence[str]) -> list[Address]:
    return [ip_address(text) for text in texts]


def _row(desired: DnsDesired, address: Address, zone: str) -> AddressRow:
    return AddressRow(
        address=str(address),
        cluster_id=desired.cluster_id,
        cloud=desired.tenant.cloud,
        project_id=desired.tenant.project_id,
        project=desired.project,
        domain=app_domain(desired.project, address, zone),
    )
