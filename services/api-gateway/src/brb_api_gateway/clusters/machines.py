"""Which machines a cluster has: their names, which of them are wanted, and which are on their way out. Pure."""

from brb_api_gateway.clusters.spec import ClusterSpec
from brb_api_gateway.clusters.world import KUBERNETES, Cluster, World
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.infrastructure import DesiredMachine, MachineState, ObservedMachine

LONGEST_NAME = 63
_USABLE = (MachineState.ACTIVE, MachineState.STOPPED)
_EXPECTED = (*_USABLE, MachineState.BUILDING)


def machine_name(cluster_name: str, cluster_id: ClusterId | str, pool: str, index: int) -> str:
    return f"{cluster_name}-{cluster_id.removeprefix('c-')}-{pool}-{index}"


def wanted_machines(cluster: Cluster) -> tuple[DesiredMachine, ...]:
    """Indices 0 to quantity - 1 of each pool, so that the highest go first; control planes before workers."""
    pools = sorted(cluster.spec.machine_pools, key=lambda pool: not pool.control_plane_role)
    return tuple(
        DesiredMachine(name=machine_name(cluster.name, cluster.id, pool.name, index), pool=pool.name)
        for pool in pools
        for index in range(pool.quantity)
    )


def leaving_machines(cluster: Cluster, world: World) -> tuple[ObservedMachine, ...]:
    """Machines that stand, are not wanted any more, and may still carry a node: they stay until the installer's `left`.

    One that never came up, or whose cluster has no Kubernetes yet, needs no farewell. One that was let go stays let
    go, even if its server is still seen: asking for it again would make it again.
    """
    if world.infrastructure is None or not world.is_initialized(KUBERNETES):
        return ()
    gone = {machine.name for machine in wanted_machines(cluster)} | _left(cluster, world)
    staying = _asked_names(world) - gone
    machines = sorted(world.infrastructure.machines, key=lambda machine: machine.name)
    return tuple(machine for machine in machines if machine.name in staying and is_usable(machine))


def _left(cluster: Cluster, world: World) -> set[str]:
    """Of the current generation only: an older `left` may name a machine that was wanted again in between."""
    seen = world.kubernetes
    return set(seen.left) if seen is not None and seen.observed_generation >= cluster.generation else set()


def _asked_names(world: World) -> set[str]:
    asked = world.infrastructure_asked
    return {machine.name for machine in asked.machines} if asked is not None else set()


def surplus_machines(cluster: Cluster, world: World) -> int:
    """How many stand that are not wanted: leaving, or let go and not yet removed."""
    wanted = {machine.name for machine in wanted_machines(cluster)}
    standing = world.infrastructure.machines if world.infrastructure is not None else ()
    return sum(machine.name not in wanted for machine in standing)


def has_all_nodes(cluster: Cluster, world: World) -> bool:
    """The wanted machines, no more and no fewer, were asked for last as nodes, and the nodes seen are of these servers.

    Needed beside the worker's own `ready`, which may be said of an earlier document of the same generation: machines
    are added to it one by one as they come up, replaced, and taken out once they have left.
    """
    if world.kubernetes is None or world.kubernetes_asked is None:
        return False
    wanted = {machine.name for machine in wanted_machines(cluster)}
    asked = {machine.name: machine.server_id for machine in world.kubernetes_asked.machines}
    nodes = {node.name: node.server_id for node in world.kubernetes.nodes}
    same_servers = all(server in (None, asked.get(name)) for name, server in nodes.items())
    return wanted == set(asked) == set(nodes) and same_servers and not world.kubernetes.left


def is_usable(machine: ObservedMachine) -> bool:
    """It can carry a node: a server with an address and a known host key. A stopped one keeps its node."""
    return _is_known(machine) and machine.state in _USABLE


def is_expected(machine: ObservedMachine) -> bool:
    """It carries a node, or will as soon as its server answers, which may be before the cloud calls it ACTIVE."""
    return _is_known(machine) and machine.state in _EXPECTED


def _is_known(machine: ObservedMachine) -> bool:
    return bool(machine.server_id and machine.private_address and machine.host_public_key)


def longest_machine_name(cluster_name: str, pool: str, quantity: int) -> int:
    return len(machine_name(cluster_name, "c-" + "0" * 10, pool, max(quantity - 1, 0)))


def machine_count(spec: ClusterSpec) -> int:
    return sum(pool.quantity for pool in spec.machine_pools)
