"""Floating IPs: the API's, and one for each machine of a pool that asks for them."""

from brb_provisioner.ledger import Entry, Slot
from brb_provisioner.machines import API, floating_ip_key
from brb_provisioner.openstack.resources import ResourceType
from brb_provisioner.steps.ensure import ensure_one
from brb_provisioner.steps.results import DONE, StepResult, Waiting, together
from brb_provisioner.steps.scope import Scope
from brb_shared.contracts.infrastructure import ApiEndpoint

T = ResourceType


async def ensure_floating_ips(scope: Scope) -> StepResult:
    """Those that point to machines."""
    wanted = [(floating_ip_key(scope.desired, plan), plan.name) for plan in scope.machines]
    await together(
        ensure_floating_ip(scope, key, scope.ledger.made_id(T.PORT, name)) for key, name in wanted if key is not None
    )
    return DONE


async def ensure_api_floating_ip(scope: Scope) -> StepResult:
    """The one on the load balancer's VIP, whose port `ensure_load_balancer` has just seen."""
    if scope.desired.api_endpoint is not ApiEndpoint.LOAD_BALANCER:
        return DONE
    if scope.vip_port_id is None:
        return Waiting(scope.poll_interval, "LoadBalancerBuilding", "The API's load balancer has no address yet")
    await ensure_floating_ip(scope, API, scope.vip_port_id)
    return DONE


async def ensure_floating_ip(scope: Scope, key: str, port_id: str | None) -> Entry:
    """A floating IP for `key` that points to the port. One that was moved or set free by hand is attached again."""
    external = scope.outputs.floating_network_id
    assert port_id is not None
    assert external is not None
    mark = scope.names.mark
    slot = Slot(T.FLOATING_IP, key, "")
    event = "ApiAddressCreated" if key == API else "FloatingIpCreated"
    entry = await ensure_one(scope, slot, lambda: scope.cloud.create_floating_ip(mark, external, port_id), event)
    found = next((ip for ip in await scope.seen.floating_ips() if ip.id == entry.id), None)
    if found is not None and found.port_id != port_id:
        await scope.cloud.attach_floating_ip(entry.id, port_id)
    return entry
