"""What stands in the way of a delete, said by name: usually something a user put into the cluster's network."""

from brb_provisioner.errors import CleanupBlocked, CloudBusy
from brb_provisioner.openstack.resources import Port, Resource, ResourceType
from brb_provisioner.steps.scope import Scope
from brb_shared.reconcile import ReconcileError

_PATIENCE = 4
"""Passes in error before a 409 is taken for more than the trace of something that is just going away."""


async def explain_blocked(scope: Scope, type_: ResourceType, thing: Resource, error: CloudBusy) -> ReconcileError:
    """The error to raise for a delete that the cloud refuses with 409."""
    if scope.failures < _PATIENCE:
        return error
    ports = await _foreign_ports(scope)
    named = ", ".join(
        f"port {port.id} of {port.device_owner or 'nobody'} {port.device_id}".strip() for port in ports[:5]
    )
    what = f"{type_.replace('_', ' ')} {thing.name or thing.id} cannot be deleted: {error.message}"
    hint = f" Remove what is not the cluster's: {named}." if named else " Remove what still uses it."
    return CleanupBlocked(f"{what}{hint} It goes on by itself, or by retry.")


async def _foreign_ports(scope: Scope) -> list[Port]:
    """Ports on the cluster's own network that carry no mark of it and are not Neutron's own."""
    network_id = scope.ledger.made_id(ResourceType.NETWORK, "main")
    if network_id is None:
        return []
    ports = await scope.cloud.list_ports_of(network_id)
    return [
        port for port in ports if port.description != scope.names.mark and not port.device_owner.startswith("network:")
    ]
