"""Kind `happened`: the timeline of a cluster, for people and subscribers; never used to decide."""

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field

from brb_shared.contracts.base import Contract
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.ids import ClusterId


class Severity(StrEnum):
    NORMAL = "normal"
    WARNING = "warning"


class Happened(Contract):
    cluster_id: ClusterId
    project_id: str | None = Field(default=None, description="The hub fills it in where a worker does not know it")
    source: str = Field(description="The service that saw it")
    stage: str = Field(description="infrastructure, kubernetes, dns, certificate, cluster")
    reason: str = Field(description="One CamelCase word, such as ServerActive or NodeJoined")
    message: str = ""
    severity: Severity = Severity.NORMAL
    machine: str | None = None
    code: ErrorCode | None = None
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))
