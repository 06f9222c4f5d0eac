"""The API's load balancer: one request makes it whole; what is missing below it later is put back piece by piece."""

from datetime import timedelta

import structlog

from brb_provisioner.errors import MachineFailed
from brb_provisioner.ledger import Entry, EntryState
from brb_provisioner.machines import API
from brb_provisioner.openstack.cloud import LoadBalancerPlan
from brb_provisioner.openstack.resources import LoadBalancer, LoadBalancerTree, ResourceType
from brb_provisioner.steps.results import DONE, StepResult, Waiting
from brb_provisioner.steps.rules import API_PORT
from brb_provisioner.steps.scope import Scope
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.infrastructure import ApiEndpoint

T = ResourceType

log = structlog.get_logger()

_ERROR_RECHECK = timedelta(seconds=30)


async def ensure_load_balancer(scope: Scope) -> StepResult:
    """TCP 6443 to the control planes' private addresses. Its floating IP need not wait until it is built."""
    if scope.desired.api_endpoint is not ApiEndpoint.LOAD_BALANCER:
        return DONE
    plan = _plan(scope)
    entry = scope.ledger.get(T.LOAD_BALANCER, API)
    if entry is None or entry.state in (EntryState.INTENDED, EntryState.REMOVED):
        return await _make(scope, plan)
    found = next((balancer for balancer in await scope.seen.load_balancers() if balancer.id == entry.id), None)
    if found is None and entry.state is EntryState.REMOVING:
        await scope.ledger.set_state(entry, EntryState.REMOVED)
        return await _make(scope, plan)
    if found is None:
        return _building(scope)
    return await _look_at(scope, entry, found, plan)


def _plan(scope: Scope) -> LoadBalancerPlan:
    subnet_id = scope.outputs.subnet_id
    assert subnet_id is not None
    ports = [scope.ledger.made(T.PORT, plan.name) for plan in scope.machines if plan.is_control_plane]
    provider = scope.registered.lb_provider
    return LoadBalancerPlan(
        name=scope.names.slot(T.LOAD_BALANCER, API).name,
        mark=scope.names.mark,
        subnet_id=subnet_id,
        port=API_PORT,
        provider=provider,
        method=scope.registered.lb_method,
        allowed_cidrs=None if provider == "ovn" else scope.desired.network.api_allowed_cidrs,
        member_addresses=tuple(sorted(port.address for port in ports if port is not None and port.address)),
    )


async def _make(scope: Scope, plan: LoadBalancerPlan) -> StepResult:
    slot = scope.names.slot(T.LOAD_BALANCER, API)
    await scope.ledger.intend(slot)
    log.info("Creating load balancer", name=slot.name)
    balancer = await scope.cloud.create_load_balancer(plan)
    told = scope.happened("LoadBalancerCreated", f"Created load balancer {slot.name}")
    await scope.ledger.record(slot, balancer.id, balancer.vip_address, told)
    scope.vip_port_id = balancer.vip_port_id
    return _building(scope)


async def _look_at(scope: Scope, entry: Entry, found: LoadBalancer, plan: LoadBalancerPlan) -> StepResult:
    scope.vip_port_id = found.vip_port_id
    if found.provisioning_status == "ERROR" or entry.state is EntryState.REMOVING:
        return await _is_broken(scope, entry, found)
    if found.provisioning_status != "ACTIVE":
        return _building(scope)
    missing = await _repair(scope, found, await scope.cloud.get_load_balancer_tree(found.id), plan)
    return _building(scope) if missing else DONE


async def _repair(scope: Scope, found: LoadBalancer, tree: LoadBalancerTree, plan: LoadBalancerPlan) -> bool:
    """Make the next piece that is missing; Octavia takes one change at a time. True if one was."""
    if tree.listener_id is None:
        await scope.cloud.create_listener(found.id, plan)
    elif tree.pool_id is None:
        await scope.cloud.create_pool(tree.listener_id, plan)
    elif sorted(address for address, _ in tree.members) != list(plan.member_addresses):
        log.info("Setting load balancer members", members=len(plan.member_addresses))
        await scope.cloud.set_members(tree.pool_id, plan)
    elif tree.health_monitor_id is None:
        await scope.cloud.create_health_monitor(tree.pool_id, plan)
    else:
        checks_sources = plan.allowed_cidrs is not None
        return checks_sources and await scope.cloud.set_allowed_cidrs(tree.listener_id, plan)
    return True


async def _is_broken(scope: Scope, entry: Entry, found: LoadBalancer) -> StepResult:
    """Made anew as long as nobody knows its address; afterwards only said, because the cluster lives by it."""
    text = f"Load balancer {found.name} is in ERROR. Ask the cloud's operators to fail it over"
    error = MachineFailed(ErrorCode.INFRA_UNAVAILABLE, text)
    if not scope.is_initialized and found.provisioning_status == "ERROR":
        if entry.state is not EntryState.REMOVING:
            told = scope.happened("LoadBalancerError", f"Load balancer {found.name} went to ERROR", code=error.code)
            await scope.ledger.set_state(entry, EntryState.REMOVING, told)
        await scope.cloud.delete_load_balancer(found.id)
    return Waiting(_ERROR_RECHECK, "LoadBalancerError", text, error=error)


def _building(scope: Scope) -> StepResult:
    message = "The API's load balancer is building"
    return Waiting(scope.poll_interval, "LoadBalancerBuilding", message, blocks=False)
