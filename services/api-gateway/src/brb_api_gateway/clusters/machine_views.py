"""The machines of a cluster as its status shows them: what both workers saw of each, side by side. Pure."""

from brb_api_gateway.clusters.machines import wanted_machines
from brb_api_gateway.clusters.schemas import MachineView
from brb_api_gateway.clusters.world import Cluster, World
from brb_shared.contracts.desired import MachineRole
from brb_shared.contracts.infrastructure import ObservedMachine
from brb_shared.contracts.kubernetes import ObservedNode


def render_machines(cluster: Cluster, world: World) -> tuple[MachineView, ...]:
    """The wanted machines in order, then others that still stand."""
    standing = {machine.name: machine for machine in world.infrastructure.machines} if world.infrastructure else {}
    nodes = {node.name: node for node in world.kubernetes.nodes} if world.kubernetes else {}
    roles = {pool.name: pool.role for pool in cluster.spec.machine_pools}
    wanted = () if cluster.deleting else wanted_machines(cluster)
    names = {machine.name: (machine.pool, roles[machine.pool]) for machine in wanted}
    others = {name: (machine.pool, machine.role) for name, machine in standing.items() if name not in names}
    return tuple(
        _machine(name, pool, role, standing.get(name), nodes.get(name), leaving=name in others)
        for name, (pool, role) in {**names, **others}.items()
    )


def _machine(
    name: str, pool: str, role: MachineRole, seen: ObservedMachine | None, node: ObservedNode | None, *, leaving: bool
) -> MachineView:
    return MachineView(
        name=name,
        pool=pool,
        role=role,
        state=seen.state if seen else None,
        server_id=seen.server_id if seen else None,
        private_address=seen.private_address if seen else None,
        floating_address=seen.floating_address if seen else None,
        availability_zone=seen.availability_zone if seen else None,
        node_ready=node.ready if node else False,
        kubernetes_version=node.version or None if node else None,
        leaving=leaving,
        message=(seen.evidence if seen else "") or (node.message if node else ""),
    )
