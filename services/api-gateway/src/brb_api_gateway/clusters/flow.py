"""What should be asked of the workers now. Pure: the same cluster and the same world always give the same plan.

`STAGES` is the order of everything. A stage is asked for once the stages it needs are initialized, a one-way latch,
never by Ready: a hiccup tears nothing down. Deletion is the same table read backwards: a stage is asked to be absent
once no stage that needs it is left. A stage that the platform does not offer (dns without a zone) is not asked for, and
nothing waits for it. `desired.py` renders the documents, `controller.py` sends those that changed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from brb_api_gateway.clusters.desired import render_absent, render_dns, render_infrastructure, render_kubernetes
from brb_api_gateway.clusters.world import DNS, INFRASTRUCTURE, KUBERNETES, Cluster, StageName, World
from brb_shared.contracts.desired import Desired, Presence
from brb_shared.contracts.registry import (
    DNS_DESIRED,
    DNS_OBSERVED,
    INFRASTRUCTURE_DESIRED,
    INFRASTRUCTURE_OBSERVED,
    KUBERNETES_DESIRED,
    KUBERNETES_OBSERVED,
    Kind,
)


@dataclass(frozen=True)
class Stage:
    name: StageName
    needs: tuple[StageName, ...]
    desired: Kind
    observed: Kind
    render: Callable[[Cluster, World], Desired | None]
    """None: what it must be told is not known yet, or what was asked last should stand."""


STAGES = (
    Stage(INFRASTRUCTURE, (), INFRASTRUCTURE_DESIRED, INFRASTRUCTURE_OBSERVED, render_infrastructure),
    Stage(KUBERNETES, (INFRASTRUCTURE,), KUBERNETES_DESIRED, KUBERNETES_OBSERVED, render_kubernetes),
    Stage(DNS, (INFRASTRUCTURE,), DNS_DESIRED, DNS_OBSERVED, render_dns),
    # addons need kubernetes: a line, when their service exists.
)


@dataclass(frozen=True)
class Plan:
    """The desired states that are due, by stage, and whether nothing is left of a cluster that is being deleted."""

    desired: dict[StageName, Desired]
    finished: bool = False


def plan(cluster: Cluster, world: World) -> Plan:
    return _plan_absent(cluster, world) if cluster.deleting else _plan_present(cluster, world)


def _plan_present(cluster: Cluster, world: World) -> Plan:
    desired: dict[StageName, Desired] = {}
    for stage in _stages_of(cluster):
        if all(world.is_initialized(need) for need in stage.needs):
            document = stage.render(cluster, world)
            if document is not None:
                desired[stage.name] = document
    return Plan(desired)


def _plan_absent(cluster: Cluster, world: World) -> Plan:
    desired: dict[StageName, Desired] = {}
    for stage in _stages_of(cluster):
        asked = world.asked.get(stage.name)
        if asked is not None and all(_is_gone(other, cluster, world) for other in _dependents(stage, cluster)):
            desired[stage.name] = render_absent(cluster, asked)
    return Plan(desired, finished=all(_is_gone(stage, cluster, world) for stage in _stages_of(cluster)))


def _stages_of(cluster: Cluster) -> list[Stage]:
    return [stage for stage in STAGES if stage.name in cluster.stages]


def _dependents(stage: Stage, cluster: Cluster) -> list[Stage]:
    return [other for other in _stages_of(cluster) if stage.name in other.needs]


def _is_gone(stage: Stage, cluster: Cluster, world: World) -> bool:
    """Never asked for, or asked to be absent and seen so.

    The generation is compared, because a worker may say `absent` before it has begun.
    """
    asked, seen = world.asked.get(stage.name), world.seen.get(stage.name)
    if asked is None:
        return True
    return (
        asked.presence is Presence.ABSENT
        and seen is not None
        and seen.presence is Presence.ABSENT
        and seen.observed_generation >= cluster.generation
    )
