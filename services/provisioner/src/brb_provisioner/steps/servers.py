"""The machines' servers: all asked for at once, looked at with one list call, replaced when gone or broken."""

from dataclasses import replace
from datetime import timedelta

import structlog

from brb_provisioner.ledger import Changes, Entry, EntryState, Machine
from brb_provisioner.machines import MachinePlan
from brb_provisioner.openstack.cloud import ServerPlan
from brb_provisioner.openstack.resources import ResourceType, Server
from brb_provisioner.steps.broken_servers import report_broken, report_never_active
from brb_provisioner.steps.choices import flavor_of, image_of
from brb_provisioner.steps.evidence import floating_address
from brb_provisioner.steps.reachability import ensure_reachable
from brb_provisioner.steps.results import DONE, StepResult, Waiting, combined, together
from brb_provisioner.steps.scope import Scope
from brb_provisioner.steps.volumes import ensure_root_volume
from brb_provisioner.user_data import HostKey, new_host_key, render_user_data
from brb_shared.contracts.infrastructure import MachineState

T = ResourceType

log = structlog.get_logger()

_STOPPED_RECHECK = timedelta(seconds=30)


async def ensure_servers(scope: Scope) -> StepResult:
    return combined(await together(_ensure_server(scope, machine) for machine in scope.machines))


async def _ensure_server(scope: Scope, machine: MachinePlan) -> StepResult:
    entry = scope.ledger.get(T.SERVER, machine.name)
    if entry is None or not entry.stands or entry.state is EntryState.INTENDED:
        return await _make_server(scope, machine)
    if (known := await _known_already(scope, machine, entry)) is not None:
        return known
    server = next((found for found in await scope.seen.servers() if found.id == entry.id), None)
    if server is not None:
        return await _look_at(scope, machine, scope.ledger.machines[machine.name], server)
    if entry.state is EntryState.REMOVING:
        await scope.ledger.set_state(entry, EntryState.REMOVED)
        return await _make_server(scope, machine)
    lost = replace(entry, state=EntryState.INTENDED, resource_id=None)
    await scope.ledger.write(Changes(entries=(lost,)))
    return Waiting(scope.poll_interval, "ServerLost", f"Server {machine.name} is gone; it is made again")


async def _known_already(scope: Scope, machine: MachinePlan, entry: Entry) -> StepResult | None:
    """What needs no look at the server itself, where an earlier pass has had one: it came up, or is still building."""
    if not scope.goes_on or entry.state is not EntryState.MADE:
        return None
    record = scope.ledger.machines[machine.name]
    match record.state:
        case MachineState.ACTIVE if record.reachable_at or not floating_address(scope, machine):
            return DONE
        case MachineState.BUILDING if not _is_overdue(scope, record):
            return _building(scope, machine) if entry.id in await scope.seen.building_servers() else None
        case _:
            return None


async def _make_server(scope: Scope, machine: MachinePlan) -> StepResult:
    """A new server always gets a new host key: the record says which, before the request goes out."""
    root = await ensure_root_volume(scope, machine)
    if isinstance(root, Waiting):
        return root
    async with scope.turn():
        await _ask_for_server(scope, machine)
    return _building(scope, machine)


async def _ask_for_server(scope: Scope, machine: MachinePlan) -> None:
    host_key = new_host_key()
    record = _begin(scope, machine, host_key)
    plan = await _plan_server(scope, machine, host_key)
    await scope.ledger.intend(machine.slot(T.SERVER), record)
    log.info("Creating server", machine=machine.name)
    server = await scope.cloud.create_server(plan)
    told = scope.happened("ServerCreated", f"Asked the cloud for server {machine.name}", machine=machine.name)
    await scope.ledger.record(machine.slot(T.SERVER), server.id, event=told)


def _begin(scope: Scope, machine: MachinePlan, host_key: HostKey) -> Machine:
    before = scope.ledger.machines.get(machine.name)
    binding = {"tenant": scope.desired.cluster_id, "obj": machine.name, "field": "host_key"}
    return Machine(
        name=machine.name,
        state=MachineState.BUILDING,
        host_public_key=host_key.public,
        host_key_sealed=scope.equipment.keyring.seal(host_key.private.encode(), **binding),
        evidence=before.evidence if before else "",
        tries=before.tries if before else 0,
        tries_revision=before.tries_revision if before else 0,
        started_at=scope.now,
    )


async def _plan_server(scope: Scope, machine: MachinePlan, host_key: HostKey) -> ServerPlan:
    port_id = scope.ledger.made_id(T.PORT, machine.name)
    assert port_id is not None
    volume_id = scope.ledger.made_id(T.VOLUME, machine.name)
    return ServerPlan(
        name=machine.name,
        mark=scope.names.mark,
        flavor_id=(await flavor_of(scope, machine)).id,
        port_id=port_id,
        user_data=render_user_data(machine.name, scope.desired.cluster_id, host_key, scope.equipment.user_ca),
        image_id=None if volume_id else (await image_of(scope, machine)).id,
        volume_id=volume_id,
        availability_zone=machine.pool.availability_zone,
        server_group_id=scope.ledger.made_id(T.SERVER_GROUP, "main") if machine.is_control_plane else None,
        metadata=(("brb:cluster", scope.desired.cluster_id), ("brb:pool", machine.pool.name)),
    )


async def _look_at(scope: Scope, machine: MachinePlan, record: Machine, server: Server) -> StepResult:
    if server.is_deleting:
        message = f"Server {machine.name} is being deleted; it is made again"
        return Waiting(scope.poll_interval, "ServerDeleting", message)
    match server.status:
        case "ACTIVE" if record.state is MachineState.ACTIVE:
            return await ensure_reachable(scope, machine, record)
        case "ACTIVE":
            return await _became_active(scope, machine, record, server)
        case "BUILD" | "REBUILD" | "UNKNOWN":
            if _is_overdue(scope, record):
                return await report_never_active(scope, machine, record, server)
            return _building(scope, machine)
        case "ERROR":
            return await report_broken(scope, machine, record, server, server.fault)
        case _:
            return await _is_stopped(scope, machine, record, server)


async def _became_active(scope: Scope, machine: MachinePlan, record: Machine, server: Server) -> StepResult:
    """The private host key has done its work: it is dropped."""
    active = replace(
        record,
        state=MachineState.ACTIVE,
        host_key_sealed=None,
        availability_zone=server.availability_zone,
        active_at=record.active_at or scope.now,
        replace_at=None,
        tries=0,
    )
    told = scope.happened("ServerActive", f"Server {machine.name} is ACTIVE", machine=machine.name)
    await scope.ledger.write(Changes(machines=(active,), events=(told,)))
    # port 22 is tried in the next pass: first it is published that the server is ACTIVE
    return Waiting(scope.poll_interval, "WaitingForSSH", f"Machine {machine.name} is starting")


async def _is_stopped(scope: Scope, machine: MachinePlan, record: Machine, server: Server) -> StepResult:
    """Someone stopped, paused or shelved it. Left so, and said: only they know why."""
    message = f"Server {machine.name} is {server.status}: start it in the cloud, or remove the machine"
    if record.state is not MachineState.STOPPED:
        told = scope.happened("ServerStopped", message, machine=machine.name)
        await scope.ledger.write(Changes(machines=(replace(record, state=MachineState.STOPPED),), events=(told,)))
    return Waiting(_STOPPED_RECHECK, "ServerStopped", message)


def _is_overdue(scope: Scope, record: Machine) -> bool:
    return scope.now - (record.started_at or scope.now) > scope.settings.build_timeout


def _building(scope: Scope, machine: MachinePlan) -> StepResult:
    """Asked for half as often as the rest: the installer tries the machine meanwhile, nobody waits for the answer."""
    return Waiting(2 * scope.poll_interval, "ServersBuilding", f"Server {machine.name} is building")
