"""What can be found out about a machine that does not come: for people, shown beside the condition."""

from brb_provisioner.machines import MachinePlan, floating_ip_key
from brb_provisioner.openstack.resources import ResourceType, Server
from brb_provisioner.steps.scope import Scope
from brb_shared.reconcile import ReconcileError
from brb_shared.secrets import redactor

_CONSOLE_LINES = 30
_LONGEST = 4000


async def gather_evidence(scope: Scope, machine: MachinePlan, server: Server, fault: str) -> str:
    """The fault, whether port 22 answers, and the end of the console log."""
    parts = [f"Status {server.status}: {fault or 'no fault given'}", await _probed(scope, machine)]
    parts.append(await _console(scope, server))
    return redactor.clean("\n".join(part for part in parts if part))[-_LONGEST:]


def floating_address(scope: Scope, machine: MachinePlan) -> str | None:
    key = floating_ip_key(scope.desired, machine)
    entry = scope.ledger.made(ResourceType.FLOATING_IP, key) if key else None
    return entry.address if entry else None


async def _probed(scope: Scope, machine: MachinePlan) -> str:
    address = floating_address(scope, machine)
    if address is None:
        return ""
    answers = await scope.equipment.probe.ssh_answers(address)
    return f"Port 22 of {address} {'answers' if answers else 'does not answer'}"


async def _console(scope: Scope, server: Server) -> str:
    """Empty when the cloud has none: a server that never started has no console."""
    try:
        text = await scope.cloud.console_log(server.id, _CONSOLE_LINES)
    except ReconcileError as error:
        return f"No console log: {error.message}"
    return f"End of the console log:\n{text.strip()}" if text.strip() else "The console log is empty"
