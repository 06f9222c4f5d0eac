"""Bodies of /v1/webhooks. Deliveries carry Standard Webhooks' headers, see docs/contracts/events.md."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, HttpUrl

from brb_shared.contracts.bodies import Input, Output

EventType = Annotated[str, Field(pattern=r"^(\*|[a-z]+\.(\*|[A-Za-z0-9]+))$", max_length=100)]


class WebhookCreate(Input):
    url: HttpUrl = Field(description="Receives POST requests; internal addresses are refused")
    event_types: list[EventType] = Field(
        default=["*"],
        min_length=1,
        max_length=50,
        description="`*`, a stage (`kubernetes.*`) or one reason (`cluster.ClusterReady`)",
    )
    description: str = Field(default="", max_length=200)
    enabled: bool = True


class WebhookPatch(Input):
    url: HttpUrl | None = None
    event_types: list[EventType] | None = Field(default=None, min_length=1, max_length=50)
    description: str | None = Field(default=None, max_length=200)
    enabled: bool | None = None


class WebhookView(Output):
    id: str
    url: str
    event_types: list[str]
    description: str
    enabled: bool
    created_at: datetime
    created_by: str


class WebhookCreated(WebhookView):
    secret: str = Field(description="Signs the deliveries (`whsec_…`). It is shown this once only")


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class DeliveryView(Output):
    id: str = Field(description="The `webhook-id` header: the same in every attempt")
    webhook_id: str
    event_type: str
    state: DeliveryState = Field(description="dead: given up after the last attempt; it can be delivered again")
    attempts: int
    last_status: int | None = Field(default=None, description="HTTP status of the last answer")
    last_error: str = ""
    next_attempt_at: datetime | None = None
    created_at: datetime
    payload: dict[str, Any]
