"""What the hub is told of a cluster's names. Pure: what was found → the observed state."""

from collections.abc import Sequence
from dataclasses import dataclass

from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType, ErrorCode, merge_conditions
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.dns import AppDomain, DnsDesired, DnsObserved
from brb_shared.reconcile import ReconcileError


@dataclass(frozen=True)
class Findings:
    """`held`: addresses that are still another cluster's; `foreign`: outside the networks that the zone answers for."""

    zone: str
    domains: tuple[AppDomain, ...]
    held: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()


def observed_present(desired: DnsDesired, before: DnsObserved | None, found: Findings) -> DnsObserved:
    condition = _ready(desired, found)
    was_initialized = before is not None and before.presence is Presence.PRESENT and before.initialized
    return DnsObserved(
        cluster_id=desired.cluster_id,
        observed_generation=desired.generation,
        presence=Presence.PRESENT,
        initialized=was_initialized or bool(found.domains),
        ready=condition.is_true,
        conditions=_merged(before, [condition]),
        zone=found.zone,
        app_domains=found.domains,
    )


def observed_absent(desired: DnsDesired, before: DnsObserved | None) -> DnsObserved:
    gone = _condition(desired, ConditionStatus.FALSE, "Deleted", "The cluster's names and records are gone")
    return DnsObserved(
        cluster_id=desired.cluster_id,
        observed_generation=desired.generation,
        presence=Presence.ABSENT,
        conditions=_merged(before, [gone]),
    )


def observed_failed(desired: DnsDesired, before: DnsObserved | None, error: ReconcileError) -> DnsObserved:
    """What was served goes on being served; only the condition changes."""
    condition = _condition(desired, ConditionStatus.FALSE, type(error).__name__, error.message, error.code)
    kept = before or DnsObserved(cluster_id=desired.cluster_id, observed_generation=0, presence=Presence.PRESENT)
    return kept.model_copy(update={"ready": False, "conditions": _merged(before, [condition])})


def _ready(desired: DnsDesired, found: Findings) -> Condition:
    if found.foreign:
        text = (
            f"{_list(found.foreign)} not in the networks that {found.zone} answers for: "
            "the operator adds the floating IPs' range to BRB_DNS_ALLOWED_NETWORKS"
        )
        return _condition(desired, ConditionStatus.FALSE, "AddressNotServed", text, ErrorCode.CONFIGURATION_PROBLEM)
    if found.held:
        text = f"{_list(found.held)} still owned by another cluster; it is tried again by itself"
        return _condition(desired, ConditionStatus.FALSE, "AddressHeld", text, ErrorCode.DEPENDENCIES)
    if not found.domains:
        text = "The cluster has no public address; give its machines floating IPs"
        return _condition(desired, ConditionStatus.FALSE, "NoPublicAddress", text)
    text = f"Every name below {' and '.join(domain.domain for domain in found.domains)} leads to its address"
    return _condition(desired, ConditionStatus.TRUE, "Served", text)


def _condition(
    desired: DnsDesired, status: ConditionStatus, reason: str, message: str, code: ErrorCode | None = None
) -> Condition:
    return Condition(
        type=ConditionType.DNS_READY,
        status=status,
        reason=reason,
        message=message,
        code=code,
        observed_generation=desired.generation,
    )


def _merged(before: DnsObserved | None, new: list[Condition]) -> tuple[Condition, ...]:
    return merge_conditions(before.conditions if before is not None else (), new)


def _list(addresses: Sequence[str]) -> str:
    return f"{', '.join(addresses)} {'is' if len(addresses) == 1 else 'are'}"
