"""A port for each machine: made before its server, so that the address outlives a replaced server."""

from brb_provisioner.machines import MachinePlan
from brb_provisioner.openstack.cloud import PortPlan
from brb_provisioner.openstack.resources import ResourceType
from brb_provisioner.steps.ensure import ensure_one
from brb_provisioner.steps.results import DONE, StepResult, together
from brb_provisioner.steps.rules import CONTROL_PLANE, WORKER
from brb_provisioner.steps.scope import Scope

T = ResourceType


async def ensure_ports(scope: Scope) -> StepResult:
    await together(_ensure_port(scope, machine) for machine in scope.machines)
    return DONE


async def _ensure_port(scope: Scope, machine: MachinePlan) -> None:
    group = scope.ledger.made_id(T.SECURITY_GROUP, CONTROL_PLANE if machine.is_control_plane else WORKER)
    network_id, subnet_id = scope.outputs.network_id, scope.outputs.subnet_id
    assert group is not None
    assert network_id is not None
    assert subnet_id is not None
    plan = PortPlan(machine.name, scope.names.mark, network_id, subnet_id, group)
    await ensure_one(scope, machine.slot(T.PORT), lambda: scope.cloud.create_port(plan), "PortCreated")
