"""The loop's passes: one for a cluster, one for each of its machines. Read the tuples: they are the order of work.

Machines work at the same time and back off one by one: a broken worker delays nobody. What they share (who may init,
whose turn it is to join) is recorded, never remembered. A pass follows a step that runs on a machine for at most some
twenty seconds; the step goes on without it, and the next pass finds it again.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol

import structlog

from brb_installer.cluster import Cluster, Problem
from brb_installer.conditions import is_ready, plan_absent, plan_observed
from brb_installer.records import Records
from brb_installer.steps.addons import ensure_addons
from brb_installer.steps.health import Observation, observe_cluster
from brb_installer.steps.init import ensure_initialized
from brb_installer.steps.join import ensure_joined
from brb_installer.steps.leave import (
    delete_own_node,
    ensure_drained,
    record_left,
    remove_etcd_member,
    require_other_control_plane,
    reset_machine,
)
from brb_installer.steps.nodes import (
    ensure_node_settings,
    hurry_early_pods,
    notice_lost_nodes,
    remove_unlisted_nodes,
)
from brb_installer.steps.prepare import ensure_prepared
from brb_installer.steps.reach import ensure_own_host_key, ensure_reachable, verify_own_host_key
from brb_installer.steps.scope import ClusterScope, MachineScope, StepResult
from brb_installer.tools import Tools
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.ids import ClusterId
from brb_shared.kubernetes.errors import ClusterRefused
from brb_shared.reconcile import Absent, Again, Lease, ReconcileError, Result, Settled, TransientError

log = structlog.get_logger()

MachineStep = Callable[[MachineScope], Awaitable[StepResult]]

APPLY: tuple[MachineStep, ...] = (
    ensure_reachable,
    ensure_prepared,
    ensure_initialized,
    ensure_joined,
    ensure_own_host_key,
    verify_own_host_key,
)
LEAVE: tuple[MachineStep, ...] = (
    require_other_control_plane,
    ensure_drained,
    reset_machine,
    remove_etcd_member,
    delete_own_node,
    record_left,
)

_JOIN_ACTIVITY = timedelta(minutes=5)
_SLOW_POLL = timedelta(seconds=5)
_WOKEN = timedelta(seconds=30)
_CONFLICT = 409


class OpenRecords(Protocol):
    def __call__(self, cluster_id: ClusterId, lease: Lease) -> Records: ...


class InstallerReconciler:
    """Implements brb_shared's `Reconciler`."""

    def __init__(self, tools: Tools, open_records: OpenRecords) -> None:
        self._tools = tools
        self._open_records = open_records

    async def reconcile(self, key: str, lease: Lease) -> Result:
        cluster_id, machine = split_key(key)
        records = self._open_records(cluster_id, lease)
        try:
            with structlog.contextvars.bound_contextvars(cluster_id=cluster_id):
                if machine is None:
                    return await reconcile_cluster(self._tools, records)
                return await reconcile_machine(self._tools, records, machine)
        except ClusterRefused as refused:
            if refused.status == _CONFLICT:
                return Again(timedelta(seconds=0.5), "ChangedMeanwhile")
            message = f"The cluster's API refuses what the platform asks: {refused}"
            raise TransientError(ErrorCode.KUBERNETES_STEP_FAILED, message) from refused

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        cluster_id, name = split_key(key)
        records = self._open_records(cluster_id, lease)
        cluster = await records.load()
        machine = cluster.machine(name) if cluster is not None and name is not None else None
        if cluster is None or (name is not None and machine is None):
            return
        problem = Problem(error.code, error.message, error.user_fixable)
        await records.record_problem(machine, problem)
        if machine is None:
            await publish_present(self._tools, records)


def split_key(key: str) -> tuple[ClusterId, str | None]:
    cluster_id, _, machine = key.partition("/")
    return ClusterId(cluster_id), machine or None


async def reconcile_machine(tools: Tools, records: Records, name: str) -> Result:
    cluster = await records.load()
    machine = cluster.machine(name) if cluster is not None else None
    if cluster is None or machine is None or cluster.desired.presence is Presence.ABSENT:
        return Absent()
    if cluster.taken_up < cluster.revision:
        return Again(_WOKEN, "MachinesNotTakenUp")
    if machine.left:
        return Settled()
    scope = MachineScope(cluster, machine, records, tools)
    return await _run_steps(scope, LEAVE if machine.spec.leaving else APPLY)


async def _run_steps(scope: MachineScope, steps: tuple[MachineStep, ...]) -> Result:
    if scope.machine.joined and not scope.machine.spec.leaving and scope.machine.rotation_seen:
        return Settled()
    for step in steps:
        result = await step(scope)
        if isinstance(result, Again):
            return result
    return Settled()


async def reconcile_cluster(tools: Tools, records: Records) -> Result:
    cluster = await records.load()
    if cluster is None:
        return Absent()
    if cluster.desired.presence is Presence.ABSENT:
        return await _forget(tools, records, cluster)
    if cluster.taken_up < cluster.revision:
        await records.take_up(cluster)
        return Again(timedelta(), "MachinesTakenUp")
    if not cluster.initialized:
        await records.publish(plan_observed(cluster, Observation()))
        return Again(_WOKEN, "WaitingForControlPlane")
    return await _tend(ClusterScope(cluster, records, tools))


async def _tend(scope: ClusterScope) -> Result:
    """The cluster has an API: say how it is, then mend what differs."""
    cluster, records = scope.cluster, scope.records
    api = scope.tools.api(cluster)
    observation = await observe_cluster(api)
    await records.publish(plan_observed(cluster, observation))
    if observation.version is None:
        return Again(_SLOW_POLL, "ApiUnreachable")
    await ensure_addons(scope, api)
    await remove_unlisted_nodes(scope, api, observation.nodes)
    await ensure_node_settings(scope, api, observation.nodes)
    await hurry_early_pods(scope, api, observation.nodes)
    await notice_lost_nodes(scope, observation.nodes)
    if cluster.problem is not None:
        await records.record_problem(None, None)
        return Again(timedelta(), "ProblemIsOver")
    return _next_look(scope, observation)


async def _forget(tools: Tools, records: Records, cluster: Cluster) -> Result:
    """Nothing is asked of the machines: the provisioner deletes them."""
    for machine in cluster.machines:
        await tools.nodes.forget(machine.server_id)
    await tools.apis.forget(cluster.id)
    tools.addons_digests.pop(cluster.id, None)
    await records.forget(plan_absent(cluster))
    return Absent()


async def publish_present(tools: Tools, records: Records) -> None:
    """Publish as things are recorded now, with another look at the API if there is one."""
    cluster = await records.load()
    if cluster is None or cluster.desired.presence is Presence.ABSENT:
        return
    observation = await observe_cluster(tools.api(cluster)) if cluster.initialized else Observation()
    await records.publish(plan_observed(cluster, observation))


def _next_look(scope: ClusterScope, observation: Observation) -> Result:
    """Often while nodes become Ready, else seldom: machines' passes wake the cluster when they are done."""
    settings = scope.tools.settings
    if is_ready(scope.cluster, observation):
        return Settled(timedelta(seconds=settings.recheck_seconds))
    now = scope.tools.now()
    joined = [machine.joined_at for machine in scope.cluster.machines if machine.joined_at is not None]
    if any(now - at < _JOIN_ACTIVITY for at in joined):
        return Again(timedelta(seconds=settings.poll_seconds), "WaitingForNodes")
    return Again(_SLOW_POLL, "WaitingForNodes")
