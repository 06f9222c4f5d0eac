"""Machines that are not asked for any more: server, then floating IP, port and root volume."""

from brb_provisioner.errors import ResourceGone
from brb_provisioner.ledger import Changes, Entry, EntryState
from brb_provisioner.machines import API
from brb_provisioner.openstack.resources import ResourceType
from brb_provisioner.steps.remove import delete_resource
from brb_provisioner.steps.results import DONE, StepResult, Waiting, combined, together
from brb_provisioner.steps.scope import Scope

T = ResourceType

_OF_A_MACHINE = (T.FLOATING_IP, T.PORT, T.VOLUME)


async def remove_unlisted_machines(scope: Scope) -> StepResult:
    """The hub lists a machine until it has left Kubernetes: what is not listed may go. Does not block what is made."""
    wanted = {plan.name for plan in scope.machines}
    types = (T.SERVER, *_OF_A_MACHINE)
    keys = {entry.slot.key for type_ in types for entry in scope.ledger.of_type(type_) if entry.stands}
    keys |= set(scope.ledger.machines)
    return combined(await together(_remove_machine(scope, name) for name in sorted(keys - wanted - {API})))


async def _remove_machine(scope: Scope, name: str) -> StepResult:
    server = await _remove_server(scope, name)
    if isinstance(server, Waiting):
        return server
    rest = combined(await together(_remove_part(scope, type_, name) for type_ in _OF_A_MACHINE))
    if rest == DONE:
        told = scope.happened("MachineRemoved", f"Machine {name} is removed", machine=name)
        await scope.ledger.write(Changes(gone_machines=(name,), events=(told,)))
    return rest


async def _remove_server(scope: Scope, name: str) -> StepResult:
    entry = scope.ledger.get(T.SERVER, name)
    if entry is None or not entry.stands:
        return DONE
    server = next((found for found in await scope.seen.servers() if found.id == entry.resource_id), None)
    if server is None:
        await scope.ledger.set_state(entry, EntryState.REMOVED)
        return DONE
    if not server.is_deleting:
        await _delete(scope, entry)
    return Waiting(scope.poll_interval, "MachinesLeaving", f"Server {name} is being deleted", blocks=False)


async def _remove_part(scope: Scope, type_: ResourceType, name: str) -> StepResult:
    entry = scope.ledger.get(type_, name)
    if entry is None or not entry.stands:
        return DONE
    if type_ is T.VOLUME:
        return await _remove_volume(scope, entry)
    await _delete(scope, entry)
    await scope.ledger.set_state(entry, EntryState.REMOVED)
    return DONE


async def _remove_volume(scope: Scope, entry: Entry) -> StepResult:
    volume = next((found for found in await scope.seen.volumes() if found.id == entry.resource_id), None)
    if volume is None:
        await scope.ledger.set_state(entry, EntryState.REMOVED)
        return DONE
    if volume.status in ("available", "error"):
        await _delete(scope, entry)
    message = f"Root volume of {entry.slot.key} is being deleted"
    return Waiting(scope.poll_interval, "MachinesLeaving", message, blocks=False)


async def _delete(scope: Scope, entry: Entry) -> None:
    if entry.resource_id is None:
        return  # never made: the look at the beginning found nothing to adopt
    if entry.state is not EntryState.REMOVING:
        await scope.ledger.set_state(entry, EntryState.REMOVING)
    try:
        await delete_resource(scope.cloud, entry.slot.type, entry.resource_id)
    except ResourceGone:
        return
