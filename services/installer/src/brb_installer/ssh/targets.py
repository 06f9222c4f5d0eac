"""How each machine is reached. Pure."""

from brb_installer.cluster import Cluster, Machine
from brb_installer.ssh.node import Target


def plan_target(cluster: Cluster, machine: Machine) -> Target:
    """By its floating address, else through a control plane that has one, else by its private address."""
    if machine.spec.floating_address is not None:
        return _target(cluster, machine, machine.spec.floating_address)
    jump = _jump_host(cluster, machine)
    return _target(cluster, machine, machine.spec.private_address, jump)


def _jump_host(cluster: Cluster, machine: Machine) -> Target | None:
    """A control plane that has joined is preferred: it is known to answer."""
    reachable = [
        other for other in cluster.control_planes if other.spec.floating_address and other.name != machine.name
    ]
    best = min(reachable, key=lambda other: (not other.joined, not other.reached), default=None)
    return _target(cluster, best, best.spec.floating_address or "") if best is not None else None


def _target(cluster: Cluster, machine: Machine, address: str, jump: Target | None = None) -> Target:
    return Target(
        cluster_id=cluster.id,
        machine=machine.name,
        server_id=machine.server_id,
        address=address,
        host_keys=tuple(" ".join(key.split()[:2]) for key in machine.host_keys),  # without comments
        jump=jump,
    )
