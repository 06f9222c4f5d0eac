"""Network, subnet and router; none of them where the cluster uses an existing network."""

from brb_provisioner.ledger import Slot
from brb_provisioner.openstack.cloud import SubnetPlan
from brb_provisioner.openstack.resources import ResourceType
from brb_provisioner.steps.ensure import ensure_one
from brb_provisioner.steps.results import DONE, StepResult
from brb_provisioner.steps.scope import Scope

T = ResourceType


async def ensure_network(scope: Scope) -> StepResult:
    """Network and subnet. Both are usable at once, there is nothing to wait for."""
    if scope.desired.network.existing_network is not None:
        return DONE
    names = scope.names
    slot = names.slot(T.NETWORK)
    network = await ensure_one(scope, slot, lambda: scope.cloud.create_network(slot.name, names.mark), "NetworkCreated")
    plan = SubnetPlan(
        name=names.slot(T.SUBNET).name,
        mark=names.mark,
        network_id=network.id,
        cidr=scope.desired.network.cidr,
        dns_nameservers=scope.desired.network.dns_nameservers or scope.registered.dns_nameservers,
    )
    subnet = await ensure_one(scope, names.slot(T.SUBNET), lambda: scope.cloud.create_subnet(plan), "SubnetCreated")
    scope.outputs = scope.outputs.model_copy(update={"network_id": network.id, "subnet_id": subnet.id})
    return DONE


async def ensure_router(scope: Scope) -> StepResult:
    """The router with its gateway in the external network."""
    if scope.desired.network.existing_network is not None:
        return DONE
    external = scope.outputs.floating_network_id
    assert external is not None
    slot, mark = scope.names.slot(T.ROUTER), scope.names.mark
    router = await ensure_one(
        scope, slot, lambda: scope.cloud.create_router(slot.name, mark, external), "RouterCreated"
    )
    scope.outputs = scope.outputs.model_copy(update={"router_id": router.id})
    return DONE


async def ensure_router_interface(scope: Scope) -> StepResult:
    """The subnet hangs on the router. The interface is a port that Neutron makes, without name or mark."""
    if scope.desired.network.existing_network is not None or scope.ledger.made(T.ROUTER_INTERFACE, "main"):
        return DONE
    router_id, subnet_id = scope.outputs.router_id, scope.outputs.subnet_id
    assert router_id is not None
    assert subnet_id is not None
    slot = Slot(T.ROUTER_INTERFACE, "main", scope.names.base)
    await scope.ledger.intend(slot)
    port_id = await scope.cloud.add_router_interface(router_id, subnet_id)
    await scope.ledger.record(slot, port_id)
    return DONE
