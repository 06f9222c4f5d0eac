"""SQL of the clusters' desired and observed names. Records, addresses and keys have their SQL beside them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns.models import DesiredRow, ObservedRow, Outbox, Work
from brb_shared.contracts.dns import DnsDesired, DnsObserved
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.registry import DNS_HAPPENED, DNS_OBSERVED, Service
from brb_shared.database import Database, upsert_if_newer
from brb_shared.messaging import Outbox as OutboxWriter
from brb_shared.reconcile import wake

RESYNC_AGE = timedelta(days=7)

_outbox = OutboxWriter(Outbox, Service.DNS)


@dataclass(frozen=True)
class Stored:
    desired: DnsDesired
    observed: DnsObserved | None


class Repository:
    """Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def store_desired(self, envelope: Envelope[DnsDesired]) -> bool:
        """Keep it if it is newer than what is there, and wake the loop. True if it was newer."""
        desired = envelope.data
        values = {"document": desired.document(), "updated_at": datetime.now(UTC)}
        async with self.database.sessions.begin() as session:
            key = {"cluster_id": desired.cluster_id}
            newer = await upsert_if_newer(session, DesiredRow, key=key, revision=envelope.revision, values=values)
            if newer:
                await wake(session, Work, desired.cluster_id, forget_failures=True)
        return newer

    async def resync(self) -> None:
        """Put every current observed state into the outbox again, with a new revision. For after a loss of NATS.

        The zone's changes need none: a server that missed one sees it by the beat and loads the whole.
        """
        lately = ObservedRow.updated_at > func.now() - RESYNC_AGE
        present = ObservedRow.document["presence"].astext == "present"
        async with self.database.sessions.begin() as session:
            query = select(ObservedRow).where(or_(present, lately)).with_for_update()
            for row in (await session.scalars(query)).all():
                await publish(session, DnsObserved.model_validate(row.document))


async def load(session: AsyncSession, cluster_id: str) -> Stored | None:
    desired = await session.get(DesiredRow, cluster_id)
    if desired is None:
        return None
    observed = await session.get(ObservedRow, cluster_id)
    return Stored(
        DnsDesired.model_validate(desired.document),
        DnsObserved.model_validate(observed.document) if observed is not None else None,
    )


async def publish(session: AsyncSession, observed: DnsObserved) -> None:
    """Store it and put it into the outbox under the next revision."""
    values = {"document": observed.document(), "updated_at": datetime.now(UTC)}
    statement = insert(ObservedRow).values(cluster_id=observed.cluster_id, revision=1, **values)
    newest = statement.on_conflict_do_update(
        index_elements=["cluster_id"], set_={**values, "revision": ObservedRow.revision + 1}
    ).returning(ObservedRow.revision)
    revision = (await session.execute(newest)).scalar_one()
    await _outbox.add(
        session,
        DNS_OBSERVED,
        observed,
        cluster_id=observed.cluster_id,
        revision=revision,
        generation=observed.observed_generation,
    )


async def tell(session: AsyncSession, desired: DnsDesired, reason: str, message: str) -> None:
    """Add to the cluster's timeline."""
    happened = Happened(
        cluster_id=desired.cluster_id,
        project_id=desired.tenant.project_id,
        source=Service.DNS,
        stage="dns",
        reason=reason,
        message=message,
    )
    await _outbox.happen(session, DNS_HAPPENED, happened, generation=desired.generation)
