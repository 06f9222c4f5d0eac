"""The root volume of a machine that boots from one: made here, not by Nova, so that the ledger knows it."""

from dataclasses import replace
from datetime import timedelta

import structlog

from brb_provisioner.errors import MachineFailed, ResourceGone
from brb_provisioner.ledger import Changes, Entry, EntryState
from brb_provisioner.machines import MachinePlan
from brb_provisioner.openstack.cloud import VolumePlan
from brb_provisioner.openstack.resources import ResourceType, Volume
from brb_provisioner.steps.choices import image_of
from brb_provisioner.steps.ensure import ensure_one
from brb_provisioner.steps.results import DONE, StepResult, Waiting
from brb_provisioner.steps.scope import Scope
from brb_shared.contracts.conditions import ErrorCode

T = ResourceType

log = structlog.get_logger()

_ERROR_RECHECK = timedelta(seconds=30)


async def ensure_root_volume(scope: Scope, machine: MachinePlan) -> StepResult:
    """A fresh volume that is available. One that a server has booted from is replaced with the server."""
    if machine.pool.root_volume_gib is None:
        return DONE
    entry = scope.ledger.get(T.VOLUME, machine.name)
    if entry is None or entry.state in (EntryState.INTENDED, EntryState.REMOVED):
        await _make_volume(scope, machine, machine.pool.root_volume_gib)
        return _creating(scope, machine)
    volume = next((found for found in await scope.seen.volumes() if found.id == entry.id), None)
    if volume is None and entry.state is EntryState.REMOVING:
        await scope.ledger.set_state(entry, EntryState.REMOVED)
        return _creating(scope, machine)
    if volume is None:
        return _creating(scope, machine)
    return await _look_at(scope, machine, entry, volume)


async def _look_at(scope: Scope, machine: MachinePlan, entry: Entry, volume: Volume) -> StepResult:
    if entry.state is EntryState.REMOVING or _was_booted(scope, machine):
        return await _replace(scope, machine, entry, volume)
    if volume.status == "error":
        await _replace(scope, machine, entry, volume)
        error = MachineFailed(
            ErrorCode.INFRA_UNAVAILABLE, f"The root volume of {machine.name} went to error; it is made again by itself"
        )
        return Waiting(_ERROR_RECHECK, "VolumeError", error.message, error=error)
    return DONE if volume.status == "available" else _creating(scope, machine)


def _was_booted(scope: Scope, machine: MachinePlan) -> bool:
    """A server has been asked for since the volume was made: `_make_volume` clears the record's start."""
    record = scope.ledger.machines.get(machine.name)
    return record is not None and record.started_at is not None


async def _replace(scope: Scope, machine: MachinePlan, entry: Entry, volume: Volume) -> StepResult:
    if entry.state is not EntryState.REMOVING:
        await scope.ledger.set_state(entry, EntryState.REMOVING)
    if volume.status in ("available", "error"):
        try:
            await scope.cloud.delete_volume(volume.id)
        except ResourceGone:
            log.info("The volume is gone already", machine=machine.name)
    return Waiting(scope.poll_interval, "VolumeReplaced", f"Root volume of {machine.name} is being replaced")


async def _make_volume(scope: Scope, machine: MachinePlan, size_gib: int) -> None:
    record = scope.ledger.machines.get(machine.name)
    if record is not None and record.started_at is not None:
        await scope.ledger.write(Changes(machines=(replace(record, started_at=None),)))
    image = await image_of(scope, machine)
    plan = VolumePlan(machine.name, scope.names.mark, size_gib, image.id)
    await ensure_one(scope, machine.slot(T.VOLUME), lambda: scope.cloud.create_volume(plan), "VolumeCreated")


def _creating(scope: Scope, machine: MachinePlan) -> StepResult:
    return Waiting(scope.poll_interval, "VolumesCreating", f"Root volume of {machine.name} is being made")
