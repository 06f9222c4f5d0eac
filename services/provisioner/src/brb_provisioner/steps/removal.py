"""The steps of a delete. Each looks first, takes away what ledger and mark both claim, and skips what is gone.

They work from any state: what was made half, what is building, what someone took away by hand.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog

from brb_provisioner.errors import CloudBusy, ResourceGone
from brb_provisioner.ledger import Changes, Entry, EntryState, Slot
from brb_provisioner.machines import API
from brb_provisioner.openstack.resources import Resource, ResourceType, Server
from brb_provisioner.steps.blockers import explain_blocked
from brb_provisioner.steps.remove import delete_resource
from brb_provisioner.steps.results import DONE, StepResult, Waiting, combined, together
from brb_provisioner.steps.scope import Scope

T = ResourceType

log = structlog.get_logger()

_SLOW = (T.SERVER, T.LOAD_BALANCER, T.VOLUME, T.VOLUME_SNAPSHOT)
"""Types whose delete is only begun by the request."""
_LATE_ANSWER_RECHECK = timedelta(seconds=5)
_CLUSTER_MADE = "cluster:"
_DOUBLE = "double:"
"""How the ledger keys of things begin that no step made."""


def removal_of(type_: ResourceType) -> Callable[[Scope], Awaitable[StepResult]]:
    """The step that removes what this platform made of a type."""

    async def remove_ours(scope: Scope) -> StepResult:
        found = [thing for thing in await scope.seen.of(type_) if scope.ledger.claims(type_, thing.id, thing.name)]
        rows = [entry for entry in scope.ledger.of_type(type_) if not entry.slot.key.startswith(_CLUSTER_MADE)]
        unanswered = [entry for entry in rows if _may_still_come(scope, entry, found)]
        await _settle_gone(scope, [entry for entry in rows if entry not in unanswered], found)
        going = [thing for thing in found if not _is_kept(scope, thing)]
        removed = await _remove_all(scope, type_, going, _DOUBLE)
        return combined([removed, *(_late_answer(entry) for entry in unanswered)])

    remove_ours.__name__ = f"remove_{type_}s"
    return remove_ours


def removal_of_cluster_made(type_: ResourceType) -> Callable[[Scope], Awaitable[StepResult]]:
    """The step that removes what the cluster itself made of a type. Its things get ledger rows for the report."""

    async def remove_cluster_made(scope: Scope) -> StepResult:
        found = await scope.seen.made_by_cluster(type_)
        rows = [entry for entry in scope.ledger.of_type(type_) if entry.slot.key.startswith(_CLUSTER_MADE)]
        await _settle_gone(scope, rows, found)
        return await _remove_all(scope, type_, found, _CLUSTER_MADE)

    remove_cluster_made.__name__ = f"remove_cluster_made_{type_}s"
    return remove_cluster_made


async def remove_router_interface(scope: Scope) -> StepResult:
    """The subnet off the router: looked up on the router, because the port carries no mark."""
    for router in await scope.seen.of(T.ROUTER):
        if scope.ledger.claims(T.ROUTER, router.id, router.name):
            await _detach(scope, router)
    entries = [entry for entry in scope.ledger.of_type(T.ROUTER_INTERFACE) if entry.stands]
    await scope.ledger.write(Changes(entries=tuple(_in_state(entry, EntryState.REMOVED) for entry in entries)))
    return DONE


async def release_kept_floating_ip(scope: Scope) -> StepResult:
    """`keep_floating_ip`: the API's address is left to the project, without our mark."""
    entry = scope.ledger.made(T.FLOATING_IP, API) or _kept(scope)
    if not scope.desired.keep_floating_ip or entry is None:
        return DONE
    if entry.state is not EntryState.KEPT:
        await scope.ledger.set_state(entry, EntryState.KEPT)
    if any(found.id == entry.id for found in await scope.seen.of(T.FLOATING_IP)):
        try:
            await scope.cloud.release_floating_ip(entry.id, f"Kept from cluster {scope.desired.cluster_name}")
        except ResourceGone:
            await scope.ledger.set_state(entry, EntryState.REMOVED)
    return DONE


def _kept(scope: Scope) -> Entry | None:
    entry = scope.ledger.get(T.FLOATING_IP, API)
    return entry if entry is not None and entry.state is EntryState.KEPT else None


def _is_kept(scope: Scope, thing: Resource) -> bool:
    kept = _kept(scope)
    return kept is not None and kept.resource_id == thing.id


async def _detach(scope: Scope, router: Resource) -> None:
    network_id = scope.ledger.made_id(T.NETWORK, "main")
    for port in await scope.seen.router_interfaces(router.id, network_id):
        try:
            await scope.cloud.remove_router_interface(router.id, port.id)
        except ResourceGone:
            log.info("The interface is gone already", port_id=port.id)
        except CloudBusy as error:
            raise await explain_blocked(scope, T.ROUTER_INTERFACE, router, error) from error


def _may_still_come(scope: Scope, entry: Entry, found: Sequence[Resource]) -> bool:
    """A create that got no answer may still be under way in the cloud, for as long as a request may take."""
    if entry.state is not EntryState.INTENDED or any(thing.name == entry.slot.name for thing in found):
        return False
    patience = timedelta(seconds=scope.settings.api_timeout_seconds)
    return entry.written_at is not None and scope.now - entry.written_at < patience


def _late_answer(entry: Entry) -> Waiting:
    message = (
        f"{entry.slot.type} {entry.slot.name or entry.slot.key} was asked for without an answer: it may still come"
    )
    return Waiting(_LATE_ANSWER_RECHECK, "Removing", message)


async def _settle_gone(scope: Scope, entries: Sequence[Entry], found: Sequence[Resource]) -> None:
    """Rows whose thing is not there: done with. Those never made leave no trace in the report."""
    ids = {thing.id for thing in found}
    names = {thing.name for thing in found}
    gone = [
        _in_state(entry, EntryState.REMOVED)
        for entry in entries
        if entry.stands and entry.resource_id not in ids and (entry.resource_id or entry.slot.name not in names)
    ]
    if gone:
        await scope.ledger.write(Changes(entries=tuple(gone)))


async def _remove_all(scope: Scope, type_: ResourceType, things: Sequence[Resource], prefix: str) -> StepResult:
    """Side by side, but for security groups: Neutron dead-locks over two at once that name each other in rules."""
    if type_ is not T.SECURITY_GROUP:
        return combined(await together(_remove(scope, type_, thing, prefix) for thing in things))
    return combined([await _remove(scope, type_, thing, prefix) for thing in things])


async def _remove(scope: Scope, type_: ResourceType, thing: Resource, prefix: str) -> StepResult:
    async with scope.turn():
        return await _take_away(scope, type_, thing, prefix)


async def _take_away(scope: Scope, type_: ResourceType, thing: Resource, prefix: str) -> StepResult:
    entry = _row_of(scope, type_, thing, prefix)
    if entry.state is not EntryState.REMOVING or entry.resource_id != thing.id:
        entry = Entry(entry.slot, EntryState.REMOVING, thing.id, entry.address)
        told = scope.happened("Removing", f"Removing {type_.replace('_', ' ')} {thing.name or entry.address or ''}")
        await scope.ledger.write(Changes(entries=(entry,), events=(told,)))
    if not _is_going(thing):
        log.info("Removing", type=type_, name=thing.name, id=thing.id)
        busy = await _delete(scope, type_, thing)
        if busy is not None:
            return busy
    if type_ in _SLOW:
        return Waiting(scope.poll_interval, "Removing", f"Waiting until {type_} {thing.name} is gone")
    await scope.ledger.set_state(entry, EntryState.REMOVED)
    return DONE


async def _delete(scope: Scope, type_: ResourceType, thing: Resource) -> Waiting | None:
    """Not None: the thing is changing and cannot be deleted at this moment."""
    try:
        await delete_resource(scope.cloud, type_, thing.id)
    except ResourceGone:
        log.info("Gone already", type=type_, id=thing.id)
    except CloudBusy as error:
        if type_ in _SLOW:
            return Waiting(scope.poll_interval, "Removing", error.message)
        raise await explain_blocked(scope, type_, thing, error) from error
    return None


def _is_going(thing: Resource) -> bool:
    """Its delete is under way, or has to wait for something else (a volume that is still attached)."""
    if isinstance(thing, Server):
        return thing.is_deleting
    status = getattr(thing, "provisioning_status", None) or getattr(thing, "status", "")
    return status in ("PENDING_DELETE", "deleting", "in-use", "detaching", "attaching")


def _row_of(scope: Scope, type_: ResourceType, thing: Resource, prefix: str) -> Entry:
    """The ledger's row of it: by id, or the one that never got its answer, or a new one under `prefix`."""
    rows = scope.ledger.of_type(type_)
    by_id = next((row for row in rows if row.resource_id == thing.id), None)
    unanswered = next((row for row in rows if row.resource_id is None and row.slot.name == thing.name), None)
    return by_id or unanswered or Entry(Slot(type_, f"{prefix}{thing.id}", thing.name), EntryState.MADE, thing.id)


def _in_state(entry: Entry, state: EntryState) -> Entry:
    return Entry(entry.slot, state, entry.resource_id, entry.address)
