"""The conditions of a cluster: what its stages' workers say, and what follows from that. Pure."""

from dataclasses import dataclass

from brb_api_gateway.clusters.machines import has_all_nodes, surplus_machines
from brb_api_gateway.clusters.progress import render_progress
from brb_api_gateway.clusters.world import DNS, INFRASTRUCTURE, KUBERNETES, Cluster, StageName, World
from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType, ErrorCode, find_condition

OWNED: dict[StageName, tuple[ConditionType, ...]] = {
    INFRASTRUCTURE: (ConditionType.INFRASTRUCTURE_READY,),
    KUBERNETES: (
        ConditionType.KUBERNETES_INITIALIZED,
        ConditionType.CONTROL_PLANE_AVAILABLE,
        ConditionType.WORKERS_AVAILABLE,
    ),
    DNS: (ConditionType.DNS_READY,),
}
"""Which conditions a stage's worker says. AddonsReady comes with its service: it is not claimed."""


@dataclass(frozen=True)
class HubError:
    """What went wrong in the hub's own pass."""

    code: ErrorCode
    message: str
    user_fixable: bool


def owning_stages(cluster: Cluster) -> list[StageName]:
    """Those that say something of this cluster."""
    return [stage for stage in OWNED if stage in cluster.stages]


def render_conditions(cluster: Cluster, world: World, error: HubError | None, *, was_ready: bool) -> list[Condition]:
    parts = [condition for stage in owning_stages(cluster) for condition in _of_stage(stage, cluster, world)]
    up_to_date = _up_to_date(cluster, world)
    needed = parts if was_ready else [*parts, up_to_date]
    summary = [_ready(cluster, needed, error), up_to_date]
    return [*parts, *summary, *([_deleting(cluster, world)] if cluster.deleting else [])]


def _of_stage(stage: StageName, cluster: Cluster, world: World) -> list[Condition]:
    """What the stage's worker says; where it has said nothing, that we wait for it."""
    seen = world.seen.get(stage)
    said = seen.conditions if seen is not None else ()
    return [find_condition(said, type_) or _waiting(type_, stage, cluster, world) for type_ in OWNED[stage]]


def _waiting(type_: ConditionType, stage: StageName, cluster: Cluster, world: World) -> Condition:
    asked = stage in world.asked
    return Condition(
        type=type_,
        status=ConditionStatus.FALSE,
        reason="Waiting" if asked else "NotYetDue",
        message=f"Asked of the {stage} worker, no answer yet" if asked else f"Begins when what {stage} needs is there",
        observed_generation=cluster.generation,
    )


def _up_to_date(cluster: Cluster, world: World) -> Condition:
    done = not cluster.deleting and _is_done(cluster, world)
    return Condition(
        type=ConditionType.UP_TO_DATE,
        status=ConditionStatus.TRUE if done else ConditionStatus.FALSE,
        reason="UpToDate" if done else "Reconciling",
        message="" if done else f"Generation {cluster.generation} is being carried out",
        observed_generation=cluster.generation,
    )


def _is_done(cluster: Cluster, world: World) -> bool:
    """All stages say so, of these very machines."""
    said = all(_has_done(stage, cluster, world) for stage in owning_stages(cluster))
    return said and has_all_nodes(cluster, world) and not surplus_machines(cluster, world)


def _has_done(stage: StageName, cluster: Cluster, world: World) -> bool:
    asked, seen = world.asked.get(stage), world.seen.get(stage)
    return (
        asked is not None
        and seen is not None
        and asked.generation >= cluster.generation
        and _is_current(stage, cluster, world)
        and seen.ready
    )


def _is_current(stage: StageName, cluster: Cluster, world: World) -> bool:
    """What its worker said last follows from the cluster's newest generation."""
    seen = world.seen.get(stage)
    return seen is not None and seen.observed_generation >= cluster.generation


def _ready(cluster: Cluster, needed: list[Condition], error: HubError | None) -> Condition:
    """Summary: True if all needed are; else the reason of the first that has a code, or of the first that is not True.

    The first time it also needs UpToDate. Later a cluster that serves while a change is carried out stays Ready.
    """
    if error is not None:
        return _condition_of(error, cluster)
    missing = [part for part in needed if not part.is_true]
    if not missing and not cluster.deleting:
        return Condition(
            type=ConditionType.READY,
            status=ConditionStatus.TRUE,
            reason="AllAvailable",
            observed_generation=cluster.generation,
        )
    if not missing:
        return _not_ready(cluster, "Deleting", "The cluster is being deleted")
    cause = next((part for part in missing if part.code), missing[0])
    return _not_ready(cluster, cause.reason, cause.message, cause.code, cause.user_fixable)


def _not_ready(
    cluster: Cluster, reason: str, message: str, code: ErrorCode | None = None, user_fixable: bool = False
) -> Condition:
    return Condition(
        type=ConditionType.READY,
        status=ConditionStatus.FALSE,
        reason=reason,
        message=message,
        code=code,
        user_fixable=user_fixable,
        observed_generation=cluster.generation,
    )


def _condition_of(error: HubError, cluster: Cluster) -> Condition:
    reason = "InternalError" if error.code is ErrorCode.INTERNAL else "HubFailed"
    return _not_ready(cluster, reason, error.message, error.code, error.user_fixable)


def _deleting(cluster: Cluster, world: World) -> Condition:
    """True, with the obstacle if a worker names one. What was said before the deletion is no obstacle to it."""
    told = [stage for stage in owning_stages(cluster) if _is_current(stage, cluster, world)]
    said = [part for stage in told for part in _of_stage(stage, cluster, world)]
    obstacle = next((part for part in said if part.code and not part.is_true), None)
    return Condition(
        type=ConditionType.DELETING,
        status=ConditionStatus.TRUE,
        reason=obstacle.reason if obstacle else "Removing",
        message=obstacle.message if obstacle else render_progress(cluster, world).message,
        code=obstacle.code if obstacle else None,
        user_fixable=obstacle.user_fixable if obstacle else False,
        observed_generation=cluster.generation,
    )
