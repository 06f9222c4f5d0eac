"""A machine leaves: its pods go first, then its own state, what etcd still has of it, and its Node object."""

from datetime import timedelta

import structlog

from brb_installer.cluster import Machine, Step
from brb_installer.errors import HostKeyMismatch, MachineUnreachable, StepFailed
from brb_installer.kubernetes.cluster_api import ClusterApi, ClusterNode, PodRef
from brb_installer.scripts import Script, ScriptName
from brb_installer.steps.etcd import remove_stale_members
from brb_installer.steps.runs import run_to_end
from brb_installer.steps.scope import DONE, MachineScope, StepResult
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.happened import Severity
from brb_shared.reconcile import Again, TerminalError

log = structlog.get_logger()

_DRAIN_POLL = timedelta(seconds=2)


async def require_other_control_plane(scope: MachineScope) -> StepResult:
    """Raises TerminalError for the last control plane: its etcd is the cluster."""
    last = scope.cluster.initialized and scope.machine.joined and not _others(scope)
    if scope.machine.is_control_plane and last:
        message = f"{scope.machine.name} is the last control plane; delete the cluster instead, or add another first"
        raise TerminalError(ErrorCode.CONFIGURATION_PROBLEM, message)
    return DONE


async def ensure_drained(scope: MachineScope) -> StepResult:
    """Cordon, then evict what disruption budgets allow; after the timeout delete the rest, if the setting says so."""
    node = await _own_node(scope)
    if node is None:
        return DONE
    api = scope.tools.api(scope.cluster)
    if not node.unschedulable:
        await api.patch_node(node.name, {"spec": {"unschedulable": True}})
    if scope.machine.drain_started_at is None:
        await scope.records.record_drain_started(scope.machine)
    pods = await api.evictable_pods(node.name)
    if not pods:
        return DONE
    if not node.ready or _drained_long_enough(scope):
        return await _delete_pods(api, pods)
    for pod in pods:
        await api.evict(pod)
    return Again(_DRAIN_POLL, "Draining")


async def reset_machine(scope: MachineScope) -> StepResult:
    """Its server is about to be deleted: what cannot be reached or reset is let go."""
    if not (scope.machine.reached and scope.machine.prepared):
        return DONE
    try:
        return await run_to_end(scope, Step.RESET, _reset_script)
    except (MachineUnreachable, HostKeyMismatch, StepFailed) as error:
        log.warning("Leaving without a reset", cluster_id=scope.cluster.id, machine=scope.machine.name)
        message = f"{scope.machine.name} leaves without a reset: {error.message}"
        await scope.records.happen("ResetSkipped", message, machine=scope.machine.name, severity=Severity.WARNING)
        return DONE


async def remove_etcd_member(scope: MachineScope) -> StepResult:
    """After a reset there is nothing left to remove; a machine that does not answer left its member behind."""
    helper = await scope.helper() if scope.machine.is_control_plane and scope.cluster.initialized else None
    if helper is not None:
        await remove_stale_members(helper, scope.machine)
    return DONE


async def delete_own_node(scope: MachineScope) -> StepResult:
    node = await _own_node(scope)
    if node is not None:
        await scope.tools.api(scope.cluster).delete_node(node.name, node.uid)
    return DONE


async def record_left(scope: MachineScope) -> StepResult:
    await scope.records.record_left(scope.machine)
    return DONE


def _others(scope: MachineScope) -> list[Machine]:
    return [machine for machine in scope.cluster.working_control_planes if machine.name != scope.machine.name]


async def _own_node(scope: MachineScope) -> ClusterNode | None:
    """The Node object of this very server."""
    if not scope.cluster.initialized:
        return None
    nodes = await scope.tools.api(scope.cluster).nodes()
    mine = (node for node in nodes if node.name == scope.machine.name)
    return next((node for node in mine if node.server_id in (None, scope.machine.server_id)), None)


async def _delete_pods(api: ClusterApi, pods: tuple[PodRef, ...]) -> StepResult:
    for pod in pods:
        await api.delete_pod(pod)
    return DONE


def _drained_long_enough(scope: MachineScope) -> bool:
    settings, started = scope.tools.settings, scope.machine.drain_started_at
    limit = timedelta(seconds=settings.drain_timeout_seconds)
    return settings.drain_force and started is not None and scope.tools.now() - started > limit


async def _reset_script() -> Script:
    return Script(ScriptName.RESET)
