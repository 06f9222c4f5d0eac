"""Webhooks for the API."""

import base64
import secrets
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.database import Work
from brb_api_gateway.errors import invalid, not_found
from brb_api_gateway.paging import decode_number, page
from brb_api_gateway.sessions.principal import Principal, Tenant
from brb_api_gateway.webhooks import repository
from brb_api_gateway.webhooks.models import DeliveryRow, WebhookRow
from brb_api_gateway.webhooks.schemas import (
    DeliveryState,
    DeliveryView,
    WebhookCreate,
    WebhookCreated,
    WebhookPatch,
    WebhookView,
)
from brb_api_gateway.webhooks.target import TargetPolicy, TargetRefused
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import new_id
from brb_shared.database import Database
from brb_shared.http import FieldError
from brb_shared.reconcile import wake
from brb_shared.secrets import Keyring

_SECRET_BYTES = 32
_NEWEST = 2**62


class WebhookService:
    def __init__(self, database: Database, keyring: Keyring, policy: TargetPolicy) -> None:
        self._database = database
        self._keyring = keyring
        self._policy = policy

    async def create(self, principal: Principal, body: WebhookCreate) -> WebhookCreated:
        await self._require_target(str(body.url))
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        row = self._row(principal, body, secret)
        async with self._database.sessions.begin() as session:
            session.add(row)
        return WebhookCreated(secret=secret, **_view(row).model_dump())

    async def list(self, tenant: Tenant) -> list[WebhookView]:
        async with self._database.sessions() as session:
            return [_view(row) for row in await repository.list_visible(session, tenant)]

    async def get(self, tenant: Tenant, webhook_id: str) -> WebhookView:
        async with self._database.sessions() as session:
            return _view(await _require(session, tenant, webhook_id))

    async def patch(self, tenant: Tenant, webhook_id: str, body: WebhookPatch) -> WebhookView:
        changes = body.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        if "url" in changes:
            await self._require_target(changes["url"])
        async with self._database.sessions.begin() as session:
            row = await _require(session, tenant, webhook_id)
            for name, value in changes.items():
                setattr(row, name, value)
            return _view(row)

    async def delete(self, tenant: Tenant, webhook_id: str) -> None:
        async with self._database.sessions.begin() as session:
            await session.delete(await _require(session, tenant, webhook_id))

    async def deliveries(
        self, tenant: Tenant, webhook_id: str, *, state: DeliveryState | None, page_size: int, page_token: str | None
    ) -> Page[DeliveryView]:
        before = decode_number(page_token, _NEWEST)
        async with self._database.sessions() as session:
            await _require(session, tenant, webhook_id)
            rows = await repository.list_deliveries(
                session, webhook_id, state=state, before=before, limit=page_size + 1
            )
        return page(rows, page_size, _delivery_view, lambda row: str(row.seq))

    async def redeliver(self, tenant: Tenant, webhook_id: str, delivery_id: str) -> DeliveryView:
        """From the first attempt on, under the same id."""
        async with self._database.sessions.begin() as session:
            await _require(session, tenant, webhook_id)
            row = await repository.find_delivery(session, delivery_id)
            if row is None or row.webhook_id != webhook_id:
                raise not_found("delivery")
            row.state, row.attempts, row.next_attempt_at = DeliveryState.PENDING, 0, None
            await wake(session, Work, delivery_id)
            return _delivery_view(row)

    async def _require_target(self, url: str) -> None:
        try:
            await self._policy.resolve(url)
        except TargetRefused as error:
            raise invalid([FieldError(pointer="/url", detail=str(error))]) from error

    def _row(self, principal: Principal, body: WebhookCreate, secret: str) -> WebhookRow:
        id_ = new_id("wh")
        tenant = principal.require_tenant()
        return WebhookRow(
            id=id_,
            cloud=tenant.cloud,
            project_id=tenant.project_id,
            url=str(body.url),
            event_types=body.event_types,
            description=body.description,
            enabled=body.enabled,
            sealed_secret=self._keyring.seal(secret.encode(), tenant=tenant.project_id, obj=id_, field="secret"),
            created_at=datetime.now(UTC),
            created_by=principal.user_id,
        )


async def _require(session: AsyncSession, tenant: Tenant, webhook_id: str) -> WebhookRow:
    row = await repository.find_visible(session, tenant, webhook_id)
    if row is None:
        raise not_found("webhook")
    return row


def _view(row: WebhookRow) -> WebhookView:
    return WebhookView(
        id=row.id,
        url=row.url,
        event_types=row.event_types,
        description=row.description,
        enabled=row.enabled,
        created_at=row.created_at,
        created_by=row.created_by,
    )


def _delivery_view(row: DeliveryRow) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        webhook_id=row.webhook_id,
        event_type=row.event_type,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        last_status=row.last_status,
        last_error=row.last_error,
        next_attempt_at=row.next_attempt_at,
        created_at=row.created_at,
        payload=row.payload,
    )
