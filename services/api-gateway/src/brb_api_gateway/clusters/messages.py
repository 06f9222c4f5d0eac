"""What the workers say: store the newest and wake (step 11 of the flow); what happened goes to the timeline."""

from typing import Any

import structlog

from brb_api_gateway.clusters import repository
from brb_api_gateway.clusters.flow import STAGES, Stage
from brb_api_gateway.clusters.models import SeenRow
from brb_api_gateway.clusters.timeline import record_event
from brb_api_gateway.database import Work
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.registry import DNS_HAPPENED, INFRASTRUCTURE_HAPPENED, KUBERNETES_HAPPENED, Service
from brb_shared.database import Database, upsert_if_newer
from brb_shared.messaging import Broker, Subscription
from brb_shared.reconcile import wake

log = structlog.get_logger()


class Messages:
    def __init__(self, database: Database) -> None:
        self._database = database

    def subscriptions(self, broker: Broker) -> list[Subscription]:
        observed = [
            Subscription(broker, stage.observed, Service.API_GATEWAY, self._observer(stage)) for stage in STAGES
        ]
        happened = [
            Subscription(broker, kind, Service.API_GATEWAY, self.on_happened)
            for kind in (INFRASTRUCTURE_HAPPENED, KUBERNETES_HAPPENED, DNS_HAPPENED)
        ]
        return [*observed, *happened]

    async def on_observed(self, stage: Stage, envelope: Envelope[Any]) -> None:
        """Doubled and reordered messages end at the version guard. One of a cluster that is gone is passed over."""
        key = {"cluster_id": envelope.subject, "stage": stage.name}
        async with self._database.sessions.begin() as session:
            row = await repository.find(session, envelope.subject, lock=True)
            if row is None or row.deleted_at is not None:
                log.debug("Observed state of an unknown cluster", cluster_id=envelope.subject)
                return
            document = envelope.data.document()
            if await upsert_if_newer(
                session, SeenRow, key=key, revision=envelope.revision, values={"document": document}
            ):
                await wake(session, Work, envelope.subject)

    async def on_happened(self, envelope: Envelope[Happened]) -> None:
        async with self._database.sessions.begin() as session:
            row = await repository.find_owner(session, envelope.subject)
            if row is not None:
                await record_event(session, row, envelope.id, envelope.data)

    def _observer(self, stage: Stage) -> Any:
        async def handler(envelope: Envelope[Any]) -> None:
            await self.on_observed(stage, envelope)

        return handler
