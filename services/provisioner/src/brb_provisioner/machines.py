"""Which machines a cluster has, and which of them bears the API's address. Pure."""

from dataclasses import dataclass

from brb_provisioner.errors import misconfigured
from brb_provisioner.ledger import Slot
from brb_provisioner.openstack.resources import ResourceType
from brb_shared.contracts.desired import MachineRole
from brb_shared.contracts.infrastructure import ApiEndpoint, DesiredMachine, DesiredPool, InfrastructureDesired

API = "api"
"""The ledger key of the API's floating IP and load balancer."""


@dataclass(frozen=True)
class MachinePlan:
    name: str
    pool: DesiredPool

    def slot(self, type_: ResourceType) -> Slot:
        """A floating IP has no name in the cloud; the others have the machine's."""
        return Slot(type_, self.name, "" if type_ is ResourceType.FLOATING_IP else self.name)

    @property
    def is_control_plane(self) -> bool:
        return self.pool.role is MachineRole.CONTROL_PLANE


def machine_plans(desired: InfrastructureDesired) -> list[MachinePlan]:
    """Each machine with its pool. Raises Misconfigured for one without."""
    pools = {pool.name: pool for pool in desired.pools}
    return [MachinePlan(machine.name, _pool_of(machine, pools)) for machine in desired.machines]


def first_control_plane(desired: InfrastructureDesired) -> str | None:
    """The machine that Kubernetes begins on, and that the API's floating IP points to where no load balancer is."""
    return next((plan.name for plan in machine_plans(desired) if plan.is_control_plane), None)


def floating_ip_key(desired: InfrastructureDesired, plan: MachinePlan) -> str | None:
    """The ledger key of the machine's floating IP; None: it has none."""
    if desired.api_endpoint is ApiEndpoint.FLOATING_IP and plan.name == first_control_plane(desired):
        return API
    return plan.name if plan.pool.floating_ips else None


def needs_own_floating_ip(desired: InfrastructureDesired, plan: MachinePlan) -> bool:
    """Beside the API's: a port's address takes one floating IP only."""
    return floating_ip_key(desired, plan) == plan.name


def _pool_of(machine: DesiredMachine, pools: dict[str, DesiredPool]) -> DesiredPool:
    if machine.pool not in pools:
        raise misconfigured(f"Machine {machine.name} is of pool {machine.pool}, which the cluster does not have")
    return pools[machine.pool]
