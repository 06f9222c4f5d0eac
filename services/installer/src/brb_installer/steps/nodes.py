"""The Node objects as they should be: none too many, with our labels and taints, each of the right server."""

from datetime import timedelta

import structlog

from brb_installer.cluster import Machine
from brb_installer.errors import MachineUnreachable
from brb_installer.kubernetes.cluster_api import ClusterApi, ClusterNode
from brb_installer.node_settings import plan_node_patch
from brb_installer.ssh.targets import plan_target
from brb_installer.steps.etcd import observe_members, remove_member
from brb_installer.steps.scope import DONE, ClusterScope, StepResult

log = structlog.get_logger()

_REGISTRATION_GRACE = timedelta(seconds=60)


async def remove_unlisted_nodes(scope: ClusterScope, api: ClusterApi, nodes: tuple[ClusterNode, ...]) -> StepResult:
    """A node that is not listed any more is deleted, a control plane's etcd member with it."""
    listed = {machine.name for machine in scope.cluster.machines}
    unlisted = [node for node in nodes if node.name not in listed]
    if not unlisted or not scope.cluster.working_control_planes:
        return DONE
    for node in unlisted:
        log.info("Removing a node that is not listed", cluster_id=scope.cluster.id, node=node.name)
        if node.is_control_plane:
            await _remove_etcd_member(scope, node.name)
        await api.delete_node(node.name, node.uid)
        await scope.records.happen("NodeRemoved", f"{node.name} is not listed any more", machine=node.name)
    return DONE


async def ensure_node_settings(scope: ClusterScope, api: ClusterApi, nodes: tuple[ClusterNode, ...]) -> StepResult:
    """Labels and taints as desired; those that others have set stay."""
    for node in nodes:
        machine = scope.cluster.machine(node.name)
        patch = plan_node_patch(node, machine.spec) if machine is not None and not machine.left else None
        if patch is not None:
            await api.patch_node(node.name, patch)
    return DONE


async def hurry_early_pods(scope: ClusterScope, api: ClusterApi, nodes: tuple[ClusterNode, ...]) -> StepResult:
    """A new node's kubelet may meet its pods before the Services, and then leaves the pod network for 10 to 15 s."""
    for node in nodes:
        machine = scope.cluster.machine(node.name)
        if node.ready or machine is None or not _has_just_joined(scope, machine):
            continue
        for pod in await api.early_pods(node.name):
            log.info("Hurrying a pod", cluster_id=scope.cluster.id, node=node.name, pod=pod.name)
            await api.touch_pod(pod, scope.tools.now())
    return DONE


async def notice_lost_nodes(scope: ClusterScope, nodes: tuple[ClusterNode, ...]) -> StepResult:
    """A machine that has joined and whose Node object is gone, or another server's, joins again."""
    server_ids = {node.name: node.server_id for node in nodes}
    for machine in scope.cluster.machines:
        if not machine.joined or _has_just_joined(scope, machine) or machine.spec.leaving:
            continue
        if server_ids.get(machine.name) != machine.server_id:
            why = f"{machine.name} has joined and is not among the cluster's nodes; it joins again"
            await scope.records.record_unjoined(machine, why)
    return DONE


def _has_just_joined(scope: ClusterScope, machine: Machine) -> bool:
    return machine.joined_at is not None and scope.tools.now() - machine.joined_at < _REGISTRATION_GRACE


async def _remove_etcd_member(scope: ClusterScope, name: str) -> None:
    helper = scope.cluster.working_control_planes[0]
    try:
        node = await scope.tools.nodes.connect(plan_target(scope.cluster, helper))
    except MachineUnreachable:
        log.warning("Cannot look at etcd now", cluster_id=scope.cluster.id, helper=helper.name)
        raise
    for member in await observe_members(node):
        if member.name == name:
            await remove_member(node, member)
