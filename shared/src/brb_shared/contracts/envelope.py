"""What wraps every message: CloudEvents 1.0, structured JSON mode.

Source: CloudEvents 1.0.2, "Context attributes" and "JSON event format"; extension `traceparent` after its distributed
tracing extension.
"""

import uuid
from datetime import UTC, datetime
from typing import Generic, Literal, TypeVar

from pydantic import Field

from brb_shared.contracts.base import Contract

T = TypeVar("T", bound=Contract)


class Envelope(Contract, Generic[T]):
    specversion: Literal["1.0"] = "1.0"
    id: str = Field(default_factory=lambda: str(uuid.uuid4()), description="Also the outbox id and Nats-Msg-Id")
    source: str = Field(description="/brb/<service>")
    type: str = Field(description="brb.v1.desired.<kind>, brb.v1.observed.<kind> or brb.v1.happened.<stage>")
    subject: str = Field(description="The cluster's id")
    time: datetime = Field(default_factory=lambda: datetime.now(UTC))
    datacontenttype: Literal["application/json"] = "application/json"
    generation: int = Field(default=0, description="The cluster's generation that the data follows from")
    revision: int = Field(default=0, description="Grows with each message of this subject; a reader keeps the highest")
    traceparent: str | None = None
    correlationid: str | None = None
    data: T
