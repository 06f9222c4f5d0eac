"""What every desired and every observed state has in common."""

from enum import StrEnum

from pydantic import Field

from brb_shared.contracts.base import Contract
from brb_shared.contracts.conditions import Condition
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId


class Presence(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"


class MachineRole(StrEnum):
    CONTROL_PLANE = "control-plane"
    WORKER = "worker"


class Desired(Contract):
    """What the hub wants of one stage of one cluster."""

    cluster_id: ClusterId
    cluster_name: str = Field(description="For people, and part of server names")
    generation: int = Field(description="The cluster's generation that this follows from")
    presence: Presence
    cloud: CloudId
    credential_id: CredentialId = Field(description="A reference; the secret is fetched from the hub, never sent")
    retry: int = Field(default=0, description="Counts the user's `retry`; a higher number wakes a backing-off stage")


class Observed(Contract):
    """What a worker saw of one stage of one cluster."""

    cluster_id: ClusterId
    observed_generation: int = Field(description="The newest desired generation the worker has taken up")
    presence: Presence = Field(description="`absent` only when nothing of the stage is left")
    initialized: bool = Field(default=False, description="A latch: once true it stays true until absent")
    ready: bool = Field(default=False, description="All that was asked for by `observed_generation` is so")
    conditions: tuple[Condition, ...] = ()
