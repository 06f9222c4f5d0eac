"""SQL of webhooks and deliveries."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.sessions.principal import Tenant
from brb_api_gateway.webhooks.models import DeliveryRow, WebhookRow
from brb_api_gateway.webhooks.schemas import DeliveryState


async def list_visible(session: AsyncSession, tenant: Tenant) -> Sequence[WebhookRow]:
    query = select(WebhookRow).where(WebhookRow.cloud == tenant.cloud, WebhookRow.project_id == tenant.project_id)
    return (await session.scalars(query.order_by(WebhookRow.created_at, WebhookRow.id))).all()


async def find_visible(session: AsyncSession, tenant: Tenant, webhook_id: str) -> WebhookRow | None:
    row = await session.get(WebhookRow, webhook_id)
    visible = row is not None and (row.cloud, row.project_id) == (tenant.cloud, tenant.project_id)
    return row if visible else None


async def list_deliveries(
    session: AsyncSession, webhook_id: str, *, state: DeliveryState | None, before: int, limit: int
) -> Sequence[DeliveryRow]:
    query = select(DeliveryRow).where(DeliveryRow.webhook_id == webhook_id, DeliveryRow.seq < before)
    if state is not None:
        query = query.where(DeliveryRow.state == state)
    return (await session.scalars(query.order_by(DeliveryRow.seq.desc()).limit(limit))).all()


async def find_delivery(session: AsyncSession, delivery_id: str) -> DeliveryRow | None:
    return (await session.scalars(select(DeliveryRow).where(DeliveryRow.id == delivery_id))).one_or_none()


async def find_webhook(session: AsyncSession, webhook_id: str) -> WebhookRow | None:
    return await session.get(WebhookRow, webhook_id)


async def remove_deliveries(session: AsyncSession, before: datetime) -> None:
    """What is still pending stays."""
    old = (DeliveryRow.created_at < before, DeliveryRow.state != DeliveryState.PENDING)
    await session.execute(delete(DeliveryRow).where(*old))
