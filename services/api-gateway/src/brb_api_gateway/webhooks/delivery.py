"""Delivering: signed POSTs from the work process, with retries, then a dead letter.

Source: Standard Webhooks specification, "Webhook headers", "Deliverability and reliability" (its retry schedule).
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
import structlog
from standardwebhooks import Webhook

from brb_api_gateway.webhooks import repository
from brb_api_gateway.webhooks.models import DeliveryRow, WebhookRow
from brb_api_gateway.webhooks.schemas import DeliveryState
from brb_api_gateway.webhooks.target import TargetPolicy, TargetRefused
from brb_shared.database import Database
from brb_shared.reconcile import Absent, Again, Lease, Result
from brb_shared.secrets import Keyring

log = structlog.get_logger()

_GONE = 410
_ERROR_LENGTH = 300


class Deliverer:
    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        policy: TargetPolicy,
        client: httpx.AsyncClient,
        schedule: Sequence[timedelta],
    ) -> None:
        """`client` must not follow redirects: a redirect could lead to what the policy refuses.

        `schedule`: the pauses between attempts; after the last one a delivery is dead.
        """
        self._schedule = schedule
        self._database = database
        self._keyring = keyring
        self._policy = policy
        self._client = client

    async def reconcile(self, delivery_id: str, lease: Lease) -> Result:
        async with self._database.sessions() as session:
            delivery = await repository.find_delivery(session, delivery_id)
            webhook = await repository.find_webhook(session, delivery.webhook_id) if delivery else None
        if delivery is None or webhook is None or delivery.state != DeliveryState.PENDING:
            return Absent()
        if delivery.next_attempt_at is not None and delivery.next_attempt_at > datetime.now(UTC):
            return Again(after=delivery.next_attempt_at - datetime.now(UTC), reason="RetryPending")
        status, error = await self._attempt(webhook, delivery)
        return await self._record(delivery_id, lease, status, error)

    async def _attempt(self, webhook: WebhookRow, delivery: DeliveryRow) -> tuple[int | None, str]:
        """HTTP status, and an error if it was not delivered."""
        body = json.dumps(delivery.payload, separators=(",", ":"))
        try:
            target = await self._policy.resolve(webhook.url)
            answer = await self._client.post(
                target.url,
                content=body.encode(),
                headers={**self._headers(webhook, delivery.id, body), "Host": target.host_header},
                extensions={"sni_hostname": target.server_name},
            )
        except TargetRefused as error:
            return None, str(error)
        except httpx.HTTPError as error:
            return None, f"{type(error).__name__}: {error}"[:_ERROR_LENGTH]
        if answer.is_success:
            return answer.status_code, ""
        return answer.status_code, f"answered {answer.status_code}"

    def _headers(self, webhook: WebhookRow, delivery_id: str, body: str) -> dict[str, str]:
        secret = open_secret(self._keyring, webhook)
        now = datetime.now(UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": "big-red-button-webhooks/1",
            "webhook-id": delivery_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(delivery_id, now, body),
        }

    async def _record(self, delivery_id: str, lease: Lease, status: int | None, error: str) -> Result:
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            row = await repository.find_delivery(session, delivery_id)
            if row is None:
                return Absent()
            row.attempts += 1
            row.last_status, row.last_error, row.next_attempt_at = status, error, None
            return self._next(row)

    def _next(self, row: DeliveryRow) -> Result:
        """410 Gone means: never again."""
        if not row.last_error:
            row.state = DeliveryState.DELIVERED
            return Absent()
        if row.attempts > len(self._schedule) or row.last_status == _GONE:
            log.warning("Webhook delivery is given up", delivery_id=row.id, attempts=row.attempts)
            row.state = DeliveryState.DEAD
            return Absent()
        pause = self._schedule[row.attempts - 1]
        row.next_attempt_at = datetime.now(UTC) + pause
        return Again(after=pause, reason="RetryPending")


def open_secret(keyring: Keyring, webhook: WebhookRow) -> str:
    return keyring.open(webhook.sealed_secret, tenant=webhook.project_id, obj=webhook.id, field="secret").decode()
