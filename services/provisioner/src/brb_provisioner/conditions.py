"""What is published of a cluster: a pure function of what is stored and how the pass ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from brb_provisioner.ledger import Entry, EntryState, Machine
from brb_provisioner.machines import API, MachinePlan, first_control_plane, floating_ip_key, machine_plans
from brb_provisioner.openstack.resources import ResourceType
from brb_provisioner.steps.results import Done, StepResult, Waiting
from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType, find_condition, merge_conditions
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.infrastructure import (
    ApiEndpoint,
    InfrastructureDesired,
    InfrastructureObserved,
    InfrastructureOutputs,
    MachineState,
    ObservedMachine,
    ResourceRef,
)
from brb_shared.reconcile import ReconcileError, TransientError

T = ResourceType

Outcome = StepResult | ReconcileError
Entries = Mapping[tuple[ResourceType, str], Entry]

_HICCUPS = 3
"""Transient failures in a row before a ready cluster is said to be in an unknown state."""


@dataclass(frozen=True)
class Situation:
    """All that the published state follows from."""

    desired: InfrastructureDesired
    previous: InfrastructureObserved | None
    entries: Entries
    machines: Mapping[str, Machine]
    outputs: InfrastructureOutputs
    remaining: tuple[ResourceRef, ...] = ()
    failures: int = 0


def observed_present(situation: Situation, outcome: Outcome) -> InfrastructureObserved:
    """Of a cluster that is wanted."""
    desired = situation.desired
    machines = tuple(_machine(situation, plan) for plan in machine_plans(desired))
    outputs = _outputs(situation)
    condition = _ready_condition(situation, outcome)
    return InfrastructureObserved(
        cluster_id=desired.cluster_id,
        observed_generation=desired.generation,
        presence=Presence.PRESENT,
        initialized=_is_initialized(situation, outputs, machines),
        ready=condition.is_true,
        conditions=merge_conditions(_old_conditions(situation), [condition]),
        outputs=outputs,
        machines=machines,
        made=_refs(situation, EntryState.MADE, EntryState.REMOVING),
    )


def observed_leaving(situation: Situation, outcome: Outcome) -> InfrastructureObserved:
    """Of a cluster that is being deleted, or is: then `removed` is the delete's report."""
    desired, previous = situation.desired, situation.previous
    gone = isinstance(outcome, Done)
    return InfrastructureObserved(
        cluster_id=desired.cluster_id,
        observed_generation=desired.generation,
        presence=Presence.ABSENT if gone else Presence.PRESENT,
        initialized=not gone and previous is not None and previous.initialized,
        ready=gone,
        conditions=merge_conditions(_old_conditions(situation), _leaving_conditions(situation, outcome)),
        outputs=_outputs(situation) if not gone else InfrastructureOutputs(),
        machines=() if gone else _leaving_machines(situation),
        made=_refs(situation, EntryState.MADE, EntryState.REMOVING),
        removed=_refs(situation, EntryState.REMOVED),
        remaining=situation.remaining,
        kept=_refs(situation, EntryState.KEPT),
    )


def is_same(before: InfrastructureObserved | None, now: InfrastructureObserved) -> bool:
    """Nothing new to publish: the same but for the conditions' transition times."""
    return before is not None and _timeless(before) == _timeless(now)


def _machine(situation: Situation, plan: MachinePlan) -> ObservedMachine:
    record = situation.machines.get(plan.name)
    server = situation.entries.get((T.SERVER, plan.name))
    port = situation.entries.get((T.PORT, plan.name))
    key = floating_ip_key(situation.desired, plan)
    floating_ip = situation.entries.get((T.FLOATING_IP, key)) if key else None
    return ObservedMachine(
        name=plan.name,
        pool=plan.pool.name,
        role=plan.pool.role,
        state=_state(record, server),
        server_id=server.resource_id if server and server.stands else None,
        private_address=port.address if port and port.stands else None,
        floating_address=floating_ip.address if floating_ip and floating_ip.stands else None,
        availability_zone=record.availability_zone if record else None,
        host_public_key=record.host_public_key if record else None,
        evidence=record.evidence if record else "",
    )


def _state(record: Machine | None, server: Entry | None) -> MachineState:
    if server is not None and server.state is EntryState.REMOVING:
        return MachineState.DELETING
    if record is None or server is None or server.state is not EntryState.MADE:
        return MachineState.BUILDING
    return record.state


def _outputs(situation: Situation) -> InfrastructureOutputs:
    """Ids and addresses: what the ledger knows, over what was chosen in the cloud."""
    desired = situation.desired
    network = desired.network.existing_network
    first = first_control_plane(desired)
    port = _made(situation, T.PORT, first) if first else None
    balancer = _made(situation, T.LOAD_BALANCER, API)
    api = _made(situation, T.FLOATING_IP, API)
    inside = balancer if desired.api_endpoint is ApiEndpoint.LOAD_BALANCER else port
    made = {
        "network_id": situation.outputs.network_id if network else _id(situation, T.NETWORK),
        "subnet_id": situation.outputs.subnet_id if network else _id(situation, T.SUBNET),
        "router_id": _id(situation, T.ROUTER),
        "load_balancer_id": balancer.resource_id if balancer else None,
        "api_external_host": api.address if api else None,
        "api_internal_host": inside.address if inside else None,
    }
    return situation.outputs.model_copy(update=made)


def _made(situation: Situation, type_: ResourceType, key: str) -> Entry | None:
    entry = situation.entries.get((type_, key))
    return entry if entry is not None and entry.state is EntryState.MADE else None


def _id(situation: Situation, type_: ResourceType) -> str | None:
    entry = _made(situation, type_, "main")
    return entry.resource_id if entry else None


def _is_initialized(situation: Situation, outputs: InfrastructureOutputs, machines: Sequence[ObservedMachine]) -> bool:
    """A latch: the API's addresses are known and the first control plane is ACTIVE."""
    if situation.previous is not None and situation.previous.initialized:
        return True
    first = next((machine for machine in machines if machine.name == first_control_plane(situation.desired)), None)
    active = first is not None and first.state is MachineState.ACTIVE and first.private_address is not None
    return active and bool(outputs.api_external_host and outputs.api_internal_host)


def _ready_condition(situation: Situation, outcome: Outcome) -> Condition:
    match outcome:
        case Done():
            return _condition(situation, ConditionStatus.TRUE, "InfrastructureReady", "All machines are there")
        case Waiting(error=None):
            return _condition(situation, ConditionStatus.FALSE, outcome.reason, outcome.message)
        case Waiting(error=error):
            return _condition(situation, ConditionStatus.FALSE, outcome.reason, outcome.message, error)
        case ReconcileError():
            return _failed(situation, outcome)


def _failed(situation: Situation, error: ReconcileError) -> Condition:
    """A hiccup does not make a ready cluster unready; a few in a row make its state unknown."""
    before = find_condition(_old_conditions(situation), ConditionType.INFRASTRUCTURE_READY)
    if before is not None and isinstance(error, TransientError) and before.status is not ConditionStatus.FALSE:
        if situation.failures < _HICCUPS and before.is_true:
            return before
        return _condition(situation, ConditionStatus.UNKNOWN, _reason(error), error.message, error)
    return _condition(situation, ConditionStatus.FALSE, _reason(error), error.message, error)


def _reason(error: ReconcileError) -> str:
    return "InternalError" if error.code.endswith("INTERNAL") else type(error).__name__


def _condition(
    situation: Situation, status: ConditionStatus, reason: str, message: str, error: ReconcileError | None = None
) -> Condition:
    return Condition(
        type=ConditionType.INFRASTRUCTURE_READY,
        status=status,
        reason=reason,
        message=message,
        code=error.code if error else None,
        user_fixable=error.user_fixable if error else False,
        observed_generation=situation.desired.generation,
    )


def _leaving_conditions(situation: Situation, outcome: Outcome) -> list[Condition]:
    match outcome:
        case Done():
            text = "Nothing is left in the cloud"
            deleting = _condition(situation, ConditionStatus.TRUE, "Deleted", text)
        case Waiting(reason=reason, message=text, error=error):
            deleting = _condition(situation, ConditionStatus.TRUE, reason, text, error)
        case ReconcileError():
            deleting = _condition(situation, ConditionStatus.TRUE, _reason(outcome), outcome.message, outcome)
    ready = _condition(situation, ConditionStatus.FALSE, "Deleting", "The infrastructure is being removed")
    return [ready, deleting.model_copy(update={"type": ConditionType.DELETING})]


def _leaving_machines(situation: Situation) -> tuple[ObservedMachine, ...]:
    machines = (_machine(situation, plan) for plan in machine_plans(situation.desired))
    return tuple(machine for machine in machines if machine.server_id is not None)


def _refs(situation: Situation, *states: EntryState) -> tuple[ResourceRef, ...]:
    entries = [entry for entry in situation.entries.values() if entry.state in states and entry.resource_id]
    return tuple(sorted((entry.ref for entry in entries), key=lambda ref: (ref.type, ref.name, ref.id)))


def _old_conditions(situation: Situation) -> tuple[Condition, ...]:
    return situation.previous.conditions if situation.previous else ()


def _timeless(observed: InfrastructureObserved) -> InfrastructureObserved:
    epoch = {"last_transition_time": datetime.fromtimestamp(0, UTC)}
    conditions = tuple(condition.model_copy(update=epoch) for condition in observed.conditions)
    return observed.model_copy(update={"conditions": conditions})
