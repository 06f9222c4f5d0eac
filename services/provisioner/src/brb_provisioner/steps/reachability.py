"""An ACTIVE server is not yet a machine: does SSH answer, and if not for long, why?"""

from dataclasses import replace
from datetime import timedelta

from brb_provisioner.errors import MachineUnreachable
from brb_provisioner.ledger import Changes, Machine
from brb_provisioner.machines import MachinePlan
from brb_provisioner.openstack.resources import ResourceType, Server
from brb_provisioner.steps.evidence import floating_address, gather_evidence
from brb_provisioner.steps.results import DONE, StepResult, Waiting
from brb_provisioner.steps.scope import Scope
from brb_shared.contracts.conditions import ErrorCode

_UNREACHABLE_RECHECK = timedelta(seconds=15)


async def ensure_reachable(scope: Scope, machine: MachinePlan, record: Machine) -> StepResult:
    """Once it has answered it is left to the installer, which sees more. Machines without a floating IP pass."""
    address = floating_address(scope, machine)
    if record.reachable_at is not None or address is None:
        return DONE
    if await scope.equipment.probe.ssh_answers(address):
        return await _reached(scope, machine, record, address)
    overdue = scope.now - (record.active_at or scope.now) - scope.settings.node_startup_timeout
    if overdue < timedelta():
        return Waiting(scope.poll_interval, "WaitingForSSH", f"Port 22 of {machine.name} does not answer yet")
    return await _unreachable(scope, machine, record, address)


async def _reached(scope: Scope, machine: MachinePlan, record: Machine, address: str) -> StepResult:
    told = scope.happened("MachineReachable", f"Port 22 of {machine.name} answers at {address}", machine=machine.name)
    reached = replace(record, reachable_at=scope.now, evidence="")
    await scope.ledger.write(Changes(machines=(reached,), events=(told,)))
    return DONE


async def _unreachable(scope: Scope, machine: MachinePlan, record: Machine, address: str) -> StepResult:
    minutes = scope.settings.node_startup_timeout.total_seconds() / 60
    message = (
        f"Machine {machine.name} is ACTIVE, but port 22 of {address} does not answer for {minutes:.0f} minutes. "
        "The evidence holds the end of its console log; check image, security groups and the allowed source ranges."
    )
    if not record.evidence:
        await _tell(scope, machine, record, message)
    error = MachineUnreachable(ErrorCode.MACHINE_UNREACHABLE, message)
    return Waiting(_UNREACHABLE_RECHECK, "MachineUnreachable", message, error=error)


async def _tell(scope: Scope, machine: MachinePlan, record: Machine, message: str) -> None:
    server_id = scope.ledger.made_id(ResourceType.SERVER, machine.name)
    assert server_id is not None
    server = Server(id=server_id, status="ACTIVE")
    evidence = await gather_evidence(scope, machine, server, "no SSH")
    told = scope.happened("MachineUnreachable", message, machine=machine.name, code=ErrorCode.MACHINE_UNREACHABLE)
    await scope.ledger.write(Changes(machines=(replace(record, evidence=evidence),), events=(told,)))
