"""First contact, until SSH answers; and a host key of our own once the machine is a node."""

from datetime import timedelta

from brb_installer.errors import MachineUnreachable
from brb_installer.scripts import Script, ScriptName
from brb_installer.steps.scope import DONE, MachineScope, StepResult
from brb_shared.reconcile import Again

_BOOT_POLL = timedelta(seconds=0.3)
_LONG_BOOT = timedelta(seconds=30)
_LONG_BOOT_POLL = timedelta(seconds=2)
_KEY_PAUSE = timedelta(seconds=1)
_KEY_POLL = timedelta(seconds=5)


async def ensure_reachable(scope: MachineScope) -> StepResult:
    """A new machine is given time to boot; after that, or when one was reached before, MachineUnreachable is raised."""
    try:
        await scope.node()
    except MachineUnreachable:
        if scope.machine.reached or _took_too_long(scope):
            raise
        return Again(_BOOT_POLL if _age(scope) < _LONG_BOOT else _LONG_BOOT_POLL, "WaitingForSsh")
    if not scope.machine.reached:
        await scope.records.record_reached(scope.machine)
        await scope.refresh()
    return DONE


async def ensure_own_host_key(scope: MachineScope) -> StepResult:
    """Replace the host key of the user-data, which the metadata service shows to everyone on the machine. Idempotent.

    The new public key is recorded before the machine shows it; both are accepted until it has shown it.
    """
    if scope.machine.rotated_key is not None:
        return DONE
    node = await scope.node()
    public_key = plain_key(await node.ask(Script(ScriptName.HOST_KEY_NEXT)))
    await scope.records.record_host_key(scope.machine, public_key)
    await node.ask(Script(ScriptName.HOST_KEY_USE))
    return Again(_KEY_PAUSE, "HostKeyChanges")  # while it reads its keys, sshd answers no new connection


async def verify_own_host_key(scope: MachineScope) -> StepResult:
    """Once a new connection has shown our key, the one from the user-data is not accepted any more."""
    if scope.machine.rotation_seen:
        return DONE
    node = await scope.tools.nodes.renew(scope.target)
    if node.host_key != scope.machine.rotated_key:
        await node.ask(Script(ScriptName.HOST_KEY_USE))
        return Again(_KEY_POLL, "WaitingForHostKey")
    await scope.records.record_rotation_seen(scope.machine)
    return DONE


def plain_key(public_key: str) -> str:
    """Without its comment."""
    return " ".join(public_key.split()[:2])


def _took_too_long(scope: MachineScope) -> bool:
    limit = timedelta(seconds=scope.tools.settings.machine_startup_timeout_seconds)
    return _age(scope) > limit and not scope.machine.spec.building


def _age(scope: MachineScope) -> timedelta:
    """How long the installer has known of the machine, as it was asked for last."""
    return scope.tools.now() - scope.machine.first_seen_at
