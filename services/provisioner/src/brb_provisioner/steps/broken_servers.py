"""A server that does not come: say why, with evidence, then replace it; a bounded number of times in a row."""

from dataclasses import replace
from datetime import timedelta

import structlog

from brb_provisioner.errors import ResourceGone, server_fault
from brb_provisioner.ledger import Changes, EntryState, Machine
from brb_provisioner.machines import MachinePlan
from brb_provisioner.openstack.resources import ResourceType, Server
from brb_provisioner.steps.evidence import gather_evidence
from brb_provisioner.steps.results import StepResult, Waiting
from brb_provisioner.steps.scope import Scope
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.infrastructure import MachineState
from brb_shared.reconcile import TerminalError

log = structlog.get_logger()

_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(minutes=5)


async def report_never_active(scope: Scope, machine: MachinePlan, record: Machine, server: Server) -> StepResult:
    minutes = scope.settings.build_timeout.total_seconds() / 60
    fault = f"it is still {server.status} after {minutes:.0f} minutes"
    return await report_broken(scope, machine, record, server, fault)


async def report_broken(scope: Scope, machine: MachinePlan, record: Machine, server: Server, fault: str) -> StepResult:
    """First seen: count it and tell. Once its pause is over: delete it, so that it is made anew."""
    if record.state is not MachineState.ERROR:
        record = await _count(scope, machine, record, server, fault)
    elif record.replace_at is None or scope.now >= record.replace_at or _is_new_revision(scope, record):
        await _delete(scope, machine)
        return Waiting(scope.poll_interval, "ServerReplaced", f"Server {machine.name} is being replaced")
    error = server_fault(machine.name, fault, record.tries)
    pause = (record.replace_at or scope.now) - scope.now
    return Waiting(max(pause, scope.poll_interval), "ServerError", error.message, error=_grave(scope, record, error))


def _grave(scope: Scope, record: Machine, error: TerminalError) -> TerminalError | None:
    return error if record.tries >= scope.settings.server_tries else None


def _is_new_revision(scope: Scope, record: Machine) -> bool:
    """The user changed something or asked to retry: no need to wait, and the count begins anew."""
    return record.tries_revision != scope.stored.revision


async def _count(scope: Scope, machine: MachinePlan, record: Machine, server: Server, fault: str) -> Machine:
    tries = 1 if _is_new_revision(scope, record) else record.tries + 1
    pause = _LONGEST_PAUSE if tries >= scope.settings.server_tries else _FIRST_PAUSE * 2 ** (tries - 1)
    error = server_fault(machine.name, fault, tries)
    broken = replace(
        record,
        state=MachineState.ERROR,
        tries=tries,
        tries_revision=scope.stored.revision,
        replace_at=scope.now + min(pause, _LONGEST_PAUSE),
        evidence=await gather_evidence(scope, machine, server, fault),
    )
    told = scope.happened("ServerError", error.message, machine=machine.name, code=error.code)
    await scope.ledger.write(Changes(machines=(broken,), events=(told,)))
    return broken


async def _delete(scope: Scope, machine: MachinePlan) -> None:
    entry = scope.ledger.get(ResourceType.SERVER, machine.name)
    assert entry is not None
    log.info("Replacing server", machine=machine.name)
    told = scope.happened(
        "ServerReplaced",
        f"Server {machine.name} is deleted and made again",
        machine=machine.name,
        code=ErrorCode.INFRA_UNAVAILABLE,
    )
    await scope.ledger.set_state(entry, EntryState.REMOVING, told)
    try:
        await scope.cloud.delete_server(entry.id)
    except ResourceGone:
        log.info("The server is gone already", machine=machine.name)
