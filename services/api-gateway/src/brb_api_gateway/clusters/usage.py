"""Who uses a credential. For the credentials; a file of its own, so that neither domain imports the other whole."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.clusters.models import ClusterRow


async def clusters_using(session: AsyncSession, credential_id: str) -> Sequence[str]:
    """Names of the clusters that are not gone."""
    query = select(ClusterRow.name).where(
        ClusterRow.spec["cloud_credential_id"].astext == credential_id, ClusterRow.deleted_at.is_(None)
    )
    return (await session.scalars(query)).all()
