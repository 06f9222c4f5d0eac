"""How far a cluster is, in percent and in a sentence. Pure.

Machines are the first half (0–50), Kubernetes the second (50–100). A deletion runs over the same scale: Kubernetes gone
is 40, the cloud empty is 100.
"""

from dataclasses import dataclass

from brb_api_gateway.clusters.machines import has_all_nodes, surplus_machines, wanted_machines
from brb_api_gateway.clusters.world import INFRASTRUCTURE, KUBERNETES, Cluster, World
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.infrastructure import MachineState

_BEGUN, _MACHINES, _INITIALIZED, _ALMOST = 5, 50, 65, 95
_KUBERNETES_GONE = 40


@dataclass(frozen=True)
class Measure:
    percent: int
    stage: str
    message: str


def render_progress(cluster: Cluster, world: World) -> Measure:
    if cluster.deleting:
        return _removal(world)
    if world.infrastructure is None:
        return Measure(0, INFRASTRUCTURE, "Waiting for the machines to be begun")
    if not world.infrastructure.ready and not world.is_initialized(KUBERNETES):
        return _machines(cluster, world)
    return _nodes(cluster, world)


def _machines(cluster: Cluster, world: World) -> Measure:
    assert world.infrastructure is not None
    total = len(wanted_machines(cluster))
    active = sum(machine.state is MachineState.ACTIVE for machine in world.infrastructure.machines)
    percent = _BEGUN + _share(active, total, _MACHINES - _BEGUN)
    return Measure(percent, INFRASTRUCTURE, f"{min(active, total)} of {total} machines active")


def _nodes(cluster: Cluster, world: World) -> Measure:
    total, ready = len(wanted_machines(cluster)), _ready_nodes(cluster, world)
    leaving = surplus_machines(cluster, world)
    if not world.is_initialized(KUBERNETES):
        return Measure(_MACHINES, KUBERNETES, "The first control plane is being set up")
    if ready == total and not leaving and has_all_nodes(cluster, world) and _is_done(cluster, world):
        return Measure(100, "done", f"{total} of {total} nodes ready")
    message = f"{ready} of {total} nodes ready" + (f", {leaving} leaving" if leaving else "")
    return Measure(_INITIALIZED + _share(ready, total, _ALMOST - _INITIALIZED), KUBERNETES, message)


def _ready_nodes(cluster: Cluster, world: World) -> int:
    wanted = {machine.name for machine in wanted_machines(cluster)}
    nodes = world.kubernetes.nodes if world.kubernetes is not None else ()
    return sum(node.ready and node.name in wanted for node in nodes)


def _is_done(cluster: Cluster, world: World) -> bool:
    said = [seen for stage, seen in world.seen.items() if stage in cluster.stages]
    return all(seen.ready and seen.observed_generation >= cluster.generation for seen in said)


def _removal(world: World) -> Measure:
    kubernetes, infrastructure = world.kubernetes, world.infrastructure
    asked = world.infrastructure_asked
    if KUBERNETES in world.asked and (kubernetes is None or kubernetes.presence is Presence.PRESENT):
        return Measure(_BEGUN, KUBERNETES, "Kubernetes is being taken down")
    if infrastructure is None or asked is None or infrastructure.presence is Presence.ABSENT:
        return Measure(_ALMOST, INFRASTRUCTURE, "The cloud is empty; the credential goes last")
    removed, remaining = len(infrastructure.removed), len(infrastructure.remaining) or len(infrastructure.made)
    percent = _KUBERNETES_GONE + _share(removed, removed + remaining, _ALMOST - _KUBERNETES_GONE)
    return Measure(percent, INFRASTRUCTURE, f"{remaining} things in the cloud still to be removed")


def _share(part: int, whole: int, of: int) -> int:
    return of if whole == 0 else round(of * min(part, whole) / whole)
