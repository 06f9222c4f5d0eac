"""What is told of a cluster: conditions and the observed state. Pure."""

from collections.abc import Sequence

from brb_installer.cluster import Cluster, Machine, Problem
from brb_installer.kubernetes.cluster_api import ClusterNode
from brb_installer.steps.health import Observation
from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType, ErrorCode, merge_conditions
from brb_shared.contracts.desired import MachineRole, Presence
from brb_shared.contracts.kubernetes import KubernetesObserved, ObservedNode


def plan_observed(cluster: Cluster, observation: Observation) -> KubernetesObserved:
    before = cluster.observed.conditions if cluster.observed is not None else ()
    return KubernetesObserved(
        cluster_id=cluster.id,
        observed_generation=cluster.desired.generation,
        presence=Presence.PRESENT,
        initialized=cluster.initialized,
        ready=is_ready(cluster, observation),
        conditions=merge_conditions(before, plan_conditions(cluster, observation)),
        kubernetes_version=observation.version,
        nodes=tuple(_observed_node(node) for node in observation.nodes),
        left=tuple(machine.name for machine in cluster.machines if machine.left),
    )


def plan_absent(cluster: Cluster) -> KubernetesObserved:
    return KubernetesObserved(
        cluster_id=cluster.id, observed_generation=cluster.desired.generation, presence=Presence.ABSENT
    )


def is_ready(cluster: Cluster, observation: Observation) -> bool:
    """All that was asked for is so: every listed machine a good node of the wanted version, and none more."""
    staying = [machine for machine in cluster.machines if not machine.spec.leaving]
    leaving = [machine for machine in cluster.machines if machine.spec.leaving]
    names = {machine.name for machine in staying}
    wanted = cluster.desired.kubernetes_version
    return (
        cluster.initialized
        and bool(staying)
        and all(_trouble(machine, observation) == "" for machine in staying)
        and all(node.name in names and node.version == wanted for node in observation.nodes)
        and all(machine.left for machine in leaving)
    )


def plan_conditions(cluster: Cluster, observation: Observation) -> tuple[Condition, ...]:
    conditions = (
        _initialized(cluster),
        _control_plane(cluster, observation),
        _workers(cluster, observation),
        _up_to_date(cluster, observation),
    )
    generation = cluster.desired.generation
    return tuple(condition.model_copy(update={"observed_generation": generation}) for condition in conditions)


def _initialized(cluster: Cluster) -> Condition:
    type_ = ConditionType.KUBERNETES_INITIALIZED
    if cluster.initialized:
        return _true(type_, "Initialized")
    problem = _first_problem(cluster.control_planes)
    if problem is not None:
        return _failed(type_, problem)
    first = next(iter(cluster.control_planes), None)
    return _false(type_, *_progress(first))


def _progress(machine: Machine | None) -> tuple[str, str]:
    """Reason and sentence for how far the first control plane is."""
    if machine is None:
        return "NoControlPlane", "No control plane's machine is there yet"
    if not machine.reached:
        return "WaitingForMachine", f"Waiting until {machine.name} answers on SSH"
    if not machine.prepared:
        return "Preparing", f"Putting the container runtime and Kubernetes on {machine.name}"
    if machine.init_done_at is not None:
        return "WaitingForApi", f"kubeadm init is done on {machine.name}; waiting until the cluster's API answers"
    return "Initializing", f"kubeadm init runs on {machine.name}"


def _control_plane(cluster: Cluster, observation: Observation) -> Condition:
    """The API answers and more than half of the control planes are good nodes: etcd has its quorum."""
    type_ = ConditionType.CONTROL_PLANE_AVAILABLE
    if not cluster.initialized:
        return _false(type_, "NotInitialized", "The control plane is not initialized yet")
    if observation.version is None:
        return _failed(type_, Problem(ErrorCode.KUBERNETES_STEP_FAILED, observation.trouble), "ApiUnreachable")
    staying = [machine for machine in cluster.control_planes if not machine.spec.leaving]
    troubles = _troubles(staying, observation)
    if 2 * (len(staying) - len(troubles)) > len(staying):
        return _true(type_, "Available", "; ".join(troubles))
    problem = cluster.problem or _first_problem(staying)
    return _failed(type_, problem) if problem is not None else _false(type_, "NotReady", "; ".join(troubles))


def _workers(cluster: Cluster, observation: Observation) -> Condition:
    type_ = ConditionType.WORKERS_AVAILABLE
    workers = [machine for machine in cluster.machines if machine.spec.role is MachineRole.WORKER]
    staying = [machine for machine in workers if not machine.spec.leaving]
    troubles = _troubles(staying, observation)
    if not troubles:
        return _true(type_, "Available" if staying else "NoWorkersWanted")
    problem = _first_problem(staying)
    if problem is not None:
        return _failed(type_, problem)
    return _false(type_, "NotReady" if cluster.initialized else "WaitingForControlPlane", "; ".join(troubles))


def _up_to_date(cluster: Cluster, observation: Observation) -> Condition:
    type_, wanted = ConditionType.UP_TO_DATE, cluster.desired.kubernetes_version
    versions = {node.version for node in observation.nodes} | {observation.version or wanted}
    others = sorted(versions - {wanted})
    if not others:
        return _true(type_, "UpToDate")
    running = ", ".join(others)
    message = f"{wanted} is wanted and {running} runs; the installer does not change the version of a cluster yet"
    return _false(type_, "UpgradeNotSupportedYet", message)


def _trouble(machine: Machine, observation: Observation) -> str:
    """Empty if the machine is a good node."""
    node = next((node for node in observation.nodes if node.name == machine.name), None)
    if node is None:
        return f"{machine.name} has not joined yet"
    if node.server_id is not None and node.server_id != machine.server_id:
        return f"{machine.name} was another server; the new one has not joined yet"
    if not node.ready:
        return f"{machine.name} is not Ready: {node.message}"
    return "" if node.cloud_initialized else f"{machine.name} waits for the cloud controller"


def _troubles(machines: Sequence[Machine], observation: Observation) -> list[str]:
    return [trouble for machine in machines if (trouble := _trouble(machine, observation))]


def _first_problem(machines: Sequence[Machine]) -> Problem | None:
    return next((machine.problem for machine in machines if machine.problem is not None), None)


def _observed_node(node: ClusterNode) -> ObservedNode:
    return ObservedNode(
        name=node.name,
        role=MachineRole.CONTROL_PLANE if node.is_control_plane else MachineRole.WORKER,
        server_id=node.server_id,
        version=node.version,
        ready=node.ready and node.cloud_initialized,
        message=node.message if node.cloud_initialized else "waits for the cloud controller",
    )


def _true(type_: ConditionType, reason: str, message: str = "") -> Condition:
    return Condition(type=type_, status=ConditionStatus.TRUE, reason=reason, message=message)


def _false(type_: ConditionType, reason: str, message: str) -> Condition:
    return Condition(type=type_, status=ConditionStatus.FALSE, reason=reason, message=message)


def _failed(type_: ConditionType, problem: Problem, reason: str = "StepFailed") -> Condition:
    return Condition(
        type=type_,
        status=ConditionStatus.FALSE,
        reason=reason,
        message=problem.message,
        code=problem.code,
        user_fixable=problem.user_fixable,
    )
