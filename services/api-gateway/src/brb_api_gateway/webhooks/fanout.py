"""From an event to the deliveries it is due: a row for each webhook of the project that wants it. SQL only."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.database import Work
from brb_api_gateway.webhooks.models import DeliveryRow, WebhookRow
from brb_api_gateway.webhooks.schemas import DeliveryState
from brb_shared.contracts.ids import new_id
from brb_shared.reconcile import wake


async def enqueue_deliveries(
    session: AsyncSession, cloud: str, project_id: str, event_id: str, document: dict[str, Any]
) -> None:
    event_type = f"{document['stage']}.{document['reason']}"
    query = select(WebhookRow).where(
        WebhookRow.cloud == cloud, WebhookRow.project_id == project_id, WebhookRow.enabled.is_(True)
    )
    for webhook in (await session.scalars(query)).all():
        if any(matches(pattern, event_type) for pattern in webhook.event_types):
            await _enqueue(session, webhook, event_id, event_type, document)


def matches(pattern: str, event_type: str) -> bool:
    """`*`, `stage.*` or the very type."""
    stage = event_type.partition(".")[0]
    return pattern in ("*", f"{stage}.*", event_type)


async def _enqueue(
    session: AsyncSession, webhook: WebhookRow, event_id: str, event_type: str, document: dict[str, Any]
) -> None:
    id_ = new_id("msg")
    payload = {"type": event_type, "timestamp": document["at"], "data": {"id": event_id, **document}}
    session.add(
        DeliveryRow(id=id_, webhook_id=webhook.id, event_type=event_type, payload=payload, state=DeliveryState.PENDING)
    )
    await wake(session, Work, id_)
