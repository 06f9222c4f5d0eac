"""The look before the work: compare the ledger with the cloud, so that the steps can believe the ledger.

- A row without an id (a crash between call and answer) adopts the thing that carries the mark and the row's name.
- A row whose thing is gone (deleted by hand) becomes an intention again, and the step makes it anew.
- A second thing under a row's name (an answer that came after all) is removed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from brb_provisioner.errors import ResourceGone
from brb_provisioner.ledger import Changes, Entry, EntryState
from brb_provisioner.openstack.resources import FloatingIp, LoadBalancer, Port, Resource, ResourceType
from brb_provisioner.steps.remove import delete_resource
from brb_provisioner.steps.results import DONE, StepResult, together
from brb_provisioner.steps.scope import Scope
from brb_provisioner.steps.seen import MARKED_TYPES
from brb_shared.contracts.conditions import ErrorCode

log = structlog.get_logger()


@dataclass(frozen=True)
class Comparison:
    adopted: tuple[Entry, ...] = ()
    lost: tuple[Entry, ...] = ()
    gone: tuple[Entry, ...] = ()
    doubles: tuple[Resource, ...] = ()


def compare(entries: Sequence[Entry], found: Sequence[Resource]) -> Comparison:
    """Entries of one type against the marked things of that type. Pure."""
    known = {entry.resource_id for entry in entries}
    unclaimed = [resource for resource in found if resource.id not in known]
    adopted = []
    for entry in entries:
        match = next((resource for resource in unclaimed if resource.name == entry.slot.name), None)
        if entry.state is EntryState.INTENDED and match is not None:
            unclaimed.remove(match)
            adopted.append(Entry(entry.slot, EntryState.MADE, match.id, address_of(match)))
    ids = {resource.id for resource in found}
    missing = [entry for entry in entries if entry.resource_id not in ids]
    names = {entry.slot.name for entry in entries if entry.stands}
    return Comparison(
        adopted=tuple(adopted),
        lost=tuple(entry for entry in missing if entry.state is EntryState.MADE),
        gone=tuple(entry for entry in missing if entry.state is EntryState.REMOVING),
        doubles=tuple(resource for resource in unclaimed if resource.name in names),
    )


def address_of(resource: Resource) -> str | None:
    """What a ledger entry keeps of it beside the id."""
    match resource:
        case Port() | FloatingIp():
            return resource.address
        case LoadBalancer():
            return resource.vip_address
        case _:
            return None


async def observe_cloud(scope: Scope) -> StepResult:
    """Make the ledger true. A read of each list, and writes only where something differs."""
    lists = await together(scope.seen.of(type_) for type_ in MARKED_TYPES)
    comparisons = [
        (type_, compare(scope.ledger.of_type(type_), found)) for type_, found in zip(MARKED_TYPES, lists, strict=True)
    ]
    comparisons.append((ResourceType.ROUTER_INTERFACE, await _compare_router_interface(scope)))
    for type_, comparison in comparisons:
        await _believe(scope, comparison)
        await together(_remove_double(scope, type_, double) for double in comparison.doubles)
    return DONE


async def _compare_router_interface(scope: Scope) -> Comparison:
    router_id = scope.ledger.made_id(ResourceType.ROUTER, "main")
    entries = scope.ledger.of_type(ResourceType.ROUTER_INTERFACE)
    if router_id is None or not entries:
        return Comparison(lost=tuple(entry for entry in entries if entry.state is EntryState.MADE))
    network_id = scope.ledger.made_id(ResourceType.NETWORK, "main")
    ports = await scope.seen.router_interfaces(router_id, network_id)
    return compare(entries, [replace(port, name=entries[0].slot.name) for port in ports])


async def _believe(scope: Scope, comparison: Comparison) -> None:
    for entry in comparison.adopted:
        log.info("Adopting what an earlier pass made", type=entry.slot.type, name=entry.slot.name)
        await scope.ledger.write(Changes(entries=(entry,)))
    for entry in comparison.lost:
        message = f"{entry.slot.type} {entry.slot.name or entry.address} is gone from the cloud; it is made again"
        event = scope.happened("ResourceLost", message, code=ErrorCode.DEPENDENCIES)
        again = replace(entry, state=EntryState.INTENDED, resource_id=None, address=None)
        await scope.ledger.write(Changes(entries=(again,), events=(event,)))
    for entry in comparison.gone:
        await scope.ledger.set_state(entry, EntryState.REMOVED)


async def _remove_double(scope: Scope, type_: ResourceType, double: Resource) -> None:
    log.warning("Removing a double", type=type_, name=double.name, id=double.id)
    try:
        await delete_resource(scope.cloud, type_, double.id)
    except ResourceGone:
        log.info("The double is gone already", id=double.id)
