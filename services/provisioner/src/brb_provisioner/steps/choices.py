"""What the cluster's settings name in the cloud: flavors, images, the external network, an existing network."""

from brb_provisioner.errors import ResourceGone, misconfigured
from brb_provisioner.machines import MachinePlan
from brb_provisioner.openstack.resources import Flavor, Image, ResourceType
from brb_provisioner.steps.results import DONE, StepResult, together
from brb_provisioner.steps.scope import Scope


async def require_choices(scope: Scope) -> StepResult:
    """All that is named is there, before anything is made. Raises Misconfigured."""
    pools = [plan for plan in scope.machines if scope.ledger.made_id(ResourceType.SERVER, plan.name) is None]
    await together(
        [
            *(flavor_of(scope, plan) for plan in pools),
            *(image_of(scope, plan) for plan in pools),
            _choose_external_network(scope),
            _choose_existing_network(scope),
        ]
    )
    return DONE


async def flavor_of(scope: Scope, plan: MachinePlan) -> Flavor:
    name = plan.pool.flavor
    return await scope.flavors.get(name, lambda: scope.cloud.find_flavor(name))


async def image_of(scope: Scope, plan: MachinePlan) -> Image:
    name = plan.pool.image
    return await scope.images.get(name, lambda: scope.cloud.find_image(name))


async def _choose_external_network(scope: Scope) -> None:
    if scope.outputs.floating_network_id is not None:
        return
    wanted = scope.desired.network.external_network or scope.registered.external_network
    network = await scope.cloud.find_external_network(wanted)
    scope.outputs = scope.outputs.model_copy(update={"floating_network_id": network.id})


async def _choose_existing_network(scope: Scope) -> None:
    network_id = scope.desired.network.existing_network
    scope.subnet_cidr = scope.desired.network.cidr
    if network_id is None:
        return
    try:
        network = await scope.cloud.get_network(network_id)
        subnet_id = scope.desired.network.existing_subnet or await _only_subnet(scope, network.id)
        subnet = await scope.cloud.get_subnet(subnet_id)
    except ResourceGone as error:
        raise misconfigured(f"The existing network {network_id} or its subnet is not there: choose another") from error
    if subnet.network_id != network.id:
        raise misconfigured(f"Subnet {subnet.id} is not of network {network.id}: choose one that is")
    scope.outputs = scope.outputs.model_copy(update={"network_id": network.id, "subnet_id": subnet.id})
    scope.subnet_cidr = subnet.cidr


async def _only_subnet(scope: Scope, network_id: str) -> str:
    subnets = await scope.cloud.list_subnets_of(network_id)
    if len(subnets) != 1:
        raise misconfigured(f"Network {network_id} has {len(subnets)} IPv4 subnets: say which one to use")
    return subnets[0].id
