"""Conditions, as the Kubernetes API conventions define them, and the codes of failures.

Source: Kubernetes API conventions, "Typical status properties"; Gardener's error codes.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field

from brb_shared.contracts.base import Contract


class ConditionStatus(StrEnum):
    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class ConditionType(StrEnum):
    """What can be said of a cluster."""

    READY = "Ready"
    INFRASTRUCTURE_READY = "InfrastructureReady"
    KUBERNETES_INITIALIZED = "KubernetesInitialized"
    CONTROL_PLANE_AVAILABLE = "ControlPlaneAvailable"
    WORKERS_AVAILABLE = "WorkersAvailable"
    DNS_READY = "DNSReady"
    ADDONS_READY = "AddonsReady"
    UP_TO_DATE = "UpToDate"
    DELETING = "Deleting"
    PAUSED = "Paused"


class ErrorCode(StrEnum):
    """Why something does not go on. `USER_FIXABLE` says which the user can mend."""

    QUOTA_EXCEEDED = "ERR_INFRA_QUOTA_EXCEEDED"
    UNAUTHENTICATED = "ERR_INFRA_UNAUTHENTICATED"
    UNAUTHORIZED = "ERR_INFRA_UNAUTHORIZED"
    RATE_LIMITS_EXCEEDED = "ERR_INFRA_RATE_LIMITS_EXCEEDED"
    RESOURCES_DEPLETED = "ERR_INFRA_RESOURCES_DEPLETED"
    DEPENDENCIES = "ERR_INFRA_DEPENDENCIES"
    CONFIGURATION_PROBLEM = "ERR_CONFIGURATION_PROBLEM"
    CLEANUP_CLUSTER_RESOURCES = "ERR_CLEANUP_CLUSTER_RESOURCES"
    INFRA_UNAVAILABLE = "ERR_INFRA_UNAVAILABLE"
    MACHINE_UNREACHABLE = "ERR_MACHINE_UNREACHABLE"
    HOST_KEY_MISMATCH = "ERR_MACHINE_HOST_KEY_MISMATCH"
    ARTIFACT_UNAVAILABLE = "ERR_ARTIFACT_UNAVAILABLE"
    ARTIFACT_CHECKSUM = "ERR_ARTIFACT_CHECKSUM"
    KUBERNETES_STEP_FAILED = "ERR_KUBERNETES_STEP_FAILED"
    INTERNAL = "ERR_INTERNAL"


USER_FIXABLE = frozenset(
    {
        ErrorCode.QUOTA_EXCEEDED,
        ErrorCode.UNAUTHENTICATED,
        ErrorCode.UNAUTHORIZED,
        ErrorCode.DEPENDENCIES,
        ErrorCode.CONFIGURATION_PROBLEM,
        ErrorCode.CLEANUP_CLUSTER_RESOURCES,
    }
)


class Condition(Contract):
    type: ConditionType
    status: ConditionStatus
    reason: str = Field(description="One CamelCase word for machines")
    message: str = Field(default="", description="A sentence for people: what is, and what to do next")
    code: ErrorCode | None = Field(default=None, description="Set when a failure is the reason")
    user_fixable: bool = False
    observed_generation: int = 0
    last_transition_time: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def is_true(self) -> bool:
        return self.status is ConditionStatus.TRUE


def find_condition(conditions: Iterable[Condition], type_: ConditionType) -> Condition | None:
    return next((condition for condition in conditions if condition.type is type_), None)


def merge_conditions(old: Iterable[Condition], new: Iterable[Condition]) -> tuple[Condition, ...]:
    """The new conditions, each keeping its old transition time where the status did not change; sorted by type.

    Old conditions of a type that `new` does not name are kept.
    """
    merged = {condition.type: condition for condition in old}
    for condition in new:
        before = merged.get(condition.type)
        if before is not None and before.status is condition.status:
            condition = condition.model_copy(update={"last_transition_time": before.last_transition_time})
        merged[condition.type] = condition
    return tuple(sorted(merged.values(), key=lambda condition: condition.type))
