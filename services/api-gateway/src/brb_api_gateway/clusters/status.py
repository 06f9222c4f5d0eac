"""What is told of a cluster: its conditions, one word for people, progress. Pure; `hub.py` stores what comes out."""

from datetime import datetime, timedelta

from brb_api_gateway.clusters.conditions import HubError, owning_stages, render_conditions
from brb_api_gateway.clusters.machine_views import render_machines
from brb_api_gateway.clusters.progress import render_progress
from brb_api_gateway.clusters.schemas import ApiServer, ClusterState, MachineView
from brb_api_gateway.clusters.world import DNS, INFRASTRUCTURE, Cluster, World
from brb_shared.contracts.base import Contract
from brb_shared.contracts.conditions import Condition, ConditionType, find_condition, merge_conditions
from brb_shared.contracts.dns import AppDomain

GRACE = timedelta(seconds=30)
"""A failure that nobody but time can mend is called an error only after this: most pass by themselves."""


class StoredStatus(Contract):
    """The status as it is kept; the other times are the row's."""

    state: ClusterState = ClusterState.PENDING
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()
    percent: int = 0
    stage: str = INFRASTRUCTURE
    message: str = ""
    api_server: ApiServer | None = None
    kubernetes_version: str | None = None
    machines: tuple[MachineView, ...] = ()
    app_domains: tuple[AppDomain, ...] = ()
    done_generation: int = 0
    """The newest generation that was carried out to its end; 0: the cluster was never Ready."""
    troubled_since: datetime | None = None

    @property
    def was_ready(self) -> bool:
        return self.done_generation > 0

    @property
    def waits_for_grace(self) -> bool:
        """The state will change by time alone."""
        told = self.state in (ClusterState.ERROR, ClusterState.DEGRADED, ClusterState.DELETING)
        return self.troubled_since is not None and not told


def render_status(
    cluster: Cluster, world: World, before: StoredStatus, now: datetime, error: HubError | None = None
) -> StoredStatus:
    fresh = render_conditions(cluster, world, error, was_ready=before.was_ready)
    conditions = merge_conditions(before.conditions, fresh)
    done_generation = cluster.generation if _is_done(conditions) else before.done_generation
    troubled_since = (before.troubled_since or now) if _trouble(conditions) else None
    progress = render_progress(cluster, world)
    return StoredStatus(
        state=_state(cluster, world, conditions, done_generation, _is_error(conditions, troubled_since, now)),
        observed_generation=_observed_generation(cluster, world),
        conditions=conditions,
        percent=progress.percent,
        stage=progress.stage,
        message=progress.message,
        api_server=_api_server(world),
        kubernetes_version=world.kubernetes.kubernetes_version if world.kubernetes else None,
        machines=render_machines(cluster, world),
        app_domains=world.dns.app_domains if world.dns and DNS in cluster.stages else (),
        done_generation=done_generation,
        troubled_since=troubled_since,
    )


def _trouble(conditions: tuple[Condition, ...]) -> list[Condition]:
    return [condition for condition in conditions if condition.code is not None and not condition.is_true]


def _is_error(conditions: tuple[Condition, ...], since: datetime | None, now: datetime) -> bool:
    """What the user can mend is told at once."""
    if since is None:
        return False
    return now - since >= GRACE or any(condition.user_fixable for condition in _trouble(conditions))


def _state(
    cluster: Cluster, world: World, conditions: tuple[Condition, ...], done_generation: int, is_error: bool
) -> ClusterState:
    """A part that is missing while a change is carried out is part of the change; afterwards it is a loss."""
    if cluster.deleting:
        return ClusterState.DELETING
    if _is_done(conditions):
        return ClusterState.READY
    if is_error:
        serves = done_generation > 0 and not _is_true(conditions, ConditionType.READY)
        return ClusterState.DEGRADED if serves else ClusterState.ERROR
    if done_generation:
        return ClusterState.UPDATING if done_generation < cluster.generation else ClusterState.DEGRADED
    return ClusterState.CREATING if INFRASTRUCTURE in world.seen else ClusterState.PENDING


def _is_done(conditions: tuple[Condition, ...]) -> bool:
    return _is_true(conditions, ConditionType.READY) and _is_true(conditions, ConditionType.UP_TO_DATE)


def _is_true(conditions: tuple[Condition, ...], type_: ConditionType) -> bool:
    found = find_condition(conditions, type_)
    return found is not None and found.is_true


def _observed_generation(cluster: Cluster, world: World) -> int:
    """What every stage has taken up: 0 until each has said something."""
    seen = [world.seen.get(stage) for stage in owning_stages(cluster)]
    return min((state.observed_generation if state is not None else 0) for state in seen)


def _api_server(world: World) -> ApiServer | None:
    if world.infrastructure is None or world.infrastructure.outputs.api_external_host is None:
        return None
    host, port = world.infrastructure.outputs.api_external_host, world.infrastructure.outputs.api_port
    return ApiServer(host=host, port=port, url=f"https://{host}:{port}")
