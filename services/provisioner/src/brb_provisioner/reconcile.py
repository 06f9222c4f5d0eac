"""A pass over one cluster: which steps run, what each needs, and what is published of it. Read this file first.

Steps run side by side as far as their needs allow. A pass that ends in waiting is followed by one that runs only the
steps that were not done, so that looking at a building server costs one list call. Everything is looked at afresh after
an error, a restart, and when a settled cluster is due: soon, if something was made. See `progress.py`.
"""

import asyncio
from datetime import timedelta

import structlog

from brb_provisioner import conditions
from brb_provisioner.conditions import Outcome, Situation
from brb_provisioner.errors import CleanupBlocked, Unauthenticated
from brb_provisioner.ledger import Access, Changes, Ledger, Records, Stored
from brb_provisioner.openstack.cloud import Cloud
from brb_provisioner.progress import Progress, ProgressMemory
from brb_provisioner.steps.access import open_for_removal
from brb_provisioner.steps.choices import require_choices
from brb_provisioner.steps.credential import ensure_credential
from brb_provisioner.steps.floating_ips import ensure_api_floating_ip, ensure_floating_ips
from brb_provisioner.steps.load_balancer import ensure_load_balancer
from brb_provisioner.steps.network import ensure_network, ensure_router, ensure_router_interface
from brb_provisioner.steps.observe import observe_cloud
from brb_provisioner.steps.plan import After, Plan, Step, run_plan
from brb_provisioner.steps.ports import ensure_ports
from brb_provisioner.steps.quota import ask_for_quotas, require_quota
from brb_provisioner.steps.removal import release_kept_floating_ip, remove_router_interface
from brb_provisioner.steps.removals import (
    remove_cluster_snapshots,
    remove_cluster_volumes,
    remove_floating_ips,
    remove_load_balancer,
    remove_network,
    remove_ports,
    remove_router,
    remove_security_groups,
    remove_server_group,
    remove_servers,
    remove_service_floating_ips,
    remove_service_load_balancers,
    remove_service_security_groups,
    remove_subnet,
    remove_volumes,
)
from brb_provisioner.steps.results import DONE, Done, StepResult, Waiting
from brb_provisioner.steps.scale_down import remove_unlisted_machines
from brb_provisioner.steps.scope import Equipment, Names, Scope
from brb_provisioner.steps.security_groups import ensure_security_group_rules, ensure_security_groups
from brb_provisioner.steps.seen import Seen
from brb_provisioner.steps.server_group import ensure_server_group
from brb_provisioner.steps.servers import ensure_servers
from brb_provisioner.steps.tags import ensure_tags
from brb_provisioner.steps.verify import verify_nothing_left
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.infrastructure import InfrastructureOutputs
from brb_shared.reconcile import Absent, Again, Lease, ReconcileError, Result, Settled, TerminalError

log = structlog.get_logger()

_SHORTEST_PAUSE = timedelta(milliseconds=50)
_SECOND_LOOK = timedelta(minutes=1)

APPLY: Plan = {
    ensure_credential: (),
    observe_cloud: (ensure_credential,),
    require_choices: (ensure_credential,),
    remove_unlisted_machines: (observe_cloud, require_choices),
    ask_for_quotas: (ensure_credential,),  # beside the look at the cloud and the choices, which take as long
    require_quota: (remove_unlisted_machines, ask_for_quotas),
    ensure_network: (require_quota,),
    ensure_security_groups: (require_quota,),
    ensure_server_group: (require_quota,),
    ensure_ports: (ensure_network, ensure_security_groups),
    ensure_servers: (ensure_ports, ensure_server_group),
    # Nobody needs these before the servers have booted, and Neutron is slow: what servers wait for comes first.
    ensure_security_group_rules: (ensure_security_groups, After(ensure_ports)),
    ensure_router: (require_quota, After(ensure_ports)),
    ensure_router_interface: (ensure_network, ensure_router),
    ensure_floating_ips: (ensure_ports, ensure_router_interface),
    ensure_load_balancer: (ensure_ports,),
    ensure_api_floating_ip: (ensure_load_balancer, ensure_router_interface),
    ensure_tags: (observe_cloud, After(ensure_servers)),
}
LOOK: frozenset[Step] = frozenset({observe_cloud, ensure_tags})

REMOVE: Plan = {
    remove_servers: (),  # first, so that nothing in the cluster makes new things
    remove_load_balancer: (),
    release_kept_floating_ip: (),
    remove_floating_ips: (release_kept_floating_ip,),
    remove_service_load_balancers: (remove_servers,),
    remove_service_floating_ips: (remove_service_load_balancers,),
    remove_cluster_snapshots: (remove_servers,),
    remove_cluster_volumes: (remove_cluster_snapshots,),
    remove_volumes: (remove_servers,),
    remove_ports: (remove_servers,),
    remove_server_group: (remove_servers,),
    remove_security_groups: (remove_ports,),
    remove_service_security_groups: (remove_ports, remove_service_load_balancers),
    remove_router_interface: (remove_floating_ips, remove_service_floating_ips),
    remove_router: (remove_router_interface,),
    remove_subnet: (remove_ports, remove_router_interface, remove_load_balancer, remove_service_load_balancers),
    remove_network: (remove_subnet,),
}
END: Plan = {verify_nothing_left: ()}


class ProvisionerReconciler:
    """Implements `brb_shared.reconcile.Reconciler`."""

    def __init__(self, records: Records, equipment: Equipment) -> None:
        self._records = records
        self._equipment = equipment
        self._memory = ProgressMemory(equipment.now, equipment.settings.recheck_interval)

    async def reconcile(self, key: str, lease: Lease) -> Result:
        clock = asyncio.get_running_loop().time
        began = clock()
        result = await self._reconcile(key, lease)
        if isinstance(result, Again):  # counted from the look, not from the end of the pass
            pause = result.after - timedelta(seconds=clock() - began)
            return Again(max(pause, _SHORTEST_PAUSE), result.reason)
        return result

    async def _reconcile(self, key: str, lease: Lease) -> Result:
        stored = await self._records.load(key)
        if stored is None:
            return Absent()
        progress = self._memory.take(stored, lease)
        with structlog.contextvars.bound_contextvars(cluster_id=key, generation=stored.desired.generation):
            if stored.desired.presence is Presence.PRESENT:
                return await self._apply(stored, lease, progress)
            return await self._remove(stored, lease, progress)

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        """Publish the error as a condition, with all that the pass wrote before it."""
        stored = await self._records.load(key)
        if stored is None:
            return
        if isinstance(error, Unauthenticated):
            self._equipment.clouds.forget(stored.desired.cluster_id)
        ledger = Ledger.of(stored, lease, self._records)
        outputs = stored.observed.outputs if stored.observed else InfrastructureOutputs()
        situation = Situation(
            stored.desired,
            stored.observed,
            ledger.entries,
            ledger.machines,
            outputs,
            failures=failures,
            remaining=error.remaining if isinstance(error, CleanupBlocked) else (),
        )
        await self._publish(stored, ledger, situation, error)

    async def _apply(self, stored: Stored, lease: Lease, progress: Progress) -> Result:
        cloud, access = await self._equipment.clouds.cluster_access(stored.desired)
        scope = self._scope(stored, lease, cloud, access, progress)
        outcome = await self._run(APPLY, scope, progress)
        await self._publish(stored, scope.ledger, _situation(scope), outcome)
        if isinstance(outcome, Waiting):
            return Again(outcome.after, outcome.reason)
        self._memory.keep(progress, LOOK, settled=True)
        recheck = self._equipment.settings.recheck_interval
        return Settled(min(_SECOND_LOOK, recheck) if progress.done else recheck)

    async def _remove(self, stored: Stored, lease: Lease, progress: Progress) -> Result:
        if _is_over(stored):
            return await self._end(stored, Ledger.of(stored, lease, self._records))
        try:
            cloud, access, is_break_glass = await open_for_removal(self._equipment.clouds, stored)
        except TerminalError:
            if _nothing_was_made(stored):
                return await self._end(stored, Ledger.of(stored, lease, self._records))
            raise
        scope = self._scope(stored, lease, cloud, access, progress)
        scope.is_break_glass = is_break_glass
        return await self._remove_all(scope, progress)

    async def _remove_all(self, scope: Scope, progress: Progress) -> Result:
        try:
            outcome = await self._run(REMOVE, scope, progress)
            if isinstance(outcome, Done):
                outcome, _ = await run_plan(END, scope, frozenset())
        except Unauthenticated:
            if scope.is_break_glass:
                raise
            self._equipment.clouds.forget(scope.desired.cluster_id)
            return Again(self._equipment.settings.poll_interval, "CredentialLost")
        if isinstance(outcome, Waiting):
            await self._publish(scope.stored, scope.ledger, _situation(scope), outcome)
            return Again(outcome.after, outcome.reason)
        return await self._end(scope.stored, scope.ledger)

    async def _end(self, stored: Stored, ledger: Ledger) -> Result:
        """Absent: publish the report, forget machines and connection."""
        await ledger.write(Changes(gone_machines=tuple(ledger.machines)))
        situation = Situation(stored.desired, stored.observed, ledger.entries, ledger.machines, InfrastructureOutputs())
        await self._publish(stored, ledger, situation, DONE)
        self._equipment.clouds.forget(stored.desired.cluster_id)
        return Absent()

    async def _run(self, plan: Plan, scope: Scope, progress: Progress) -> StepResult:
        """Run what is not done yet; remember how far it came only if nothing went wrong."""
        outcome, done = await run_plan(plan, scope, progress.done)
        if isinstance(outcome, Waiting) and not outcome.afresh:
            self._memory.keep(progress, done)
        return outcome

    def _scope(self, stored: Stored, lease: Lease, cloud: Cloud, access: Access, progress: Progress) -> Scope:
        names, desired = Names.of(stored.desired), stored.desired
        intended = frozenset(entry.slot.type for entry in stored.entries)
        looked_for = intended if desired.presence is Presence.PRESENT else None
        return Scope(
            stored=stored,
            ledger=Ledger.of(stored, lease, self._records),
            cloud=cloud,
            access=access,
            equipment=self._equipment,
            seen=Seen(cloud, names.mark, names.server_group, desired.cluster_id, looked_for),
            outputs=stored.observed.outputs if stored.observed else InfrastructureOutputs(),
            began_at=self._equipment.now(),
            slots=asyncio.Semaphore(self._equipment.settings.calls_per_cluster),
            failures=lease.failures,
            waiting_since=progress.began_at,
            goes_on=bool(progress.done),
            subnet_cidr=desired.network.cidr,
        )

    async def _publish(self, stored: Stored, ledger: Ledger, situation: Situation, outcome: Outcome) -> None:
        """Write and send the observed state if it differs from the last one sent."""
        render = (
            conditions.observed_present if stored.desired.presence is Presence.PRESENT else conditions.observed_leaving
        )
        observed = render(situation, outcome)
        if not conditions.is_same(stored.observed, observed):
            await ledger.write(Changes(observed=observed))


def _situation(scope: Scope) -> Situation:
    return Situation(
        desired=scope.desired,
        previous=scope.stored.observed,
        entries=scope.ledger.entries,
        machines=scope.ledger.machines,
        outputs=scope.outputs,
        remaining=scope.remaining,
    )


def _nothing_was_made(stored: Stored) -> bool:
    """No row that stands, and the platform never got into the project: a delete needs no access."""
    return stored.access is None and not any(entry.stands for entry in stored.entries)


def _is_over(stored: Stored) -> bool:
    """The delete has ended before; its report only has to be said again."""
    ended = stored.observed is not None and stored.observed.presence is Presence.ABSENT
    return ended and not any(entry.stands for entry in stored.entries)
