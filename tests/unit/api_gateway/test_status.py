"""What is told of a cluster."""

from datetime import UTC, datetime, timedelta
from typing import Any

from brb_api_gateway.clusters.conditions import HubError
from brb_api_gateway.clusters.flow import plan
from brb_api_gateway.clusters.schemas import ClusterState
from brb_api_gateway.clusters.status import GRACE, StoredStatus, render_status
from brb_api_gateway.clusters.world import INFRASTRUCTURE, KUBERNETES, Cluster, World
from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType, ErrorCode, find_condition
from brb_shared.contracts.infrastructure import MachineState
from brb_shared.contracts.kubernetes import ObservedNode
from fakes.clusters import cluster, infrastructure, kubernetes, machine, name, spec, world

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALL = (machine("cp", 0), machine("workers", 0), machine("workers", 1))
ALL_NAMES = tuple(one.name for one in ALL)
GOOD_INFRASTRUCTURE = (ConditionType.INFRASTRUCTURE_READY,)
GOOD_KUBERNETES = (
    ConditionType.KUBERNETES_INITIALIZED,
    ConditionType.CONTROL_PLANE_AVAILABLE,
    ConditionType.WORKERS_AVAILABLE,
)


def said(*types: ConditionType, true: bool = True, **more: Any) -> tuple[Condition, ...]:
    status = ConditionStatus.TRUE if true else ConditionStatus.FALSE
    return tuple(Condition(type=type_, status=status, reason="Said", **more) for type_ in types)


def ready_world(wanted: Cluster | None = None) -> World:
    seen = world(
        infrastructure=infrastructure(*ALL, conditions=said(*GOOD_INFRASTRUCTURE)),
        kubernetes=kubernetes(*ALL_NAMES, conditions=said(*GOOD_KUBERNETES)),
    )
    return World(asked=plan(wanted or cluster(), seen).desired, seen=seen.seen)


def failing(code: ErrorCode, *, user_fixable: bool) -> World:
    trouble = said(ConditionType.INFRASTRUCTURE_READY, true=False, code=code, user_fixable=user_fixable, message="why")
    seen = world(infrastructure=infrastructure(ready=False, initialized=False, conditions=trouble))
    return World(asked=plan(cluster(), seen).desired, seen=seen.seen)


def state_of(seen: World, before: StoredStatus | None = None, wanted: Cluster | None = None) -> ClusterState:
    return render_status(wanted or cluster(), seen, before or StoredStatus(), NOW).state


READY = render_status(cluster(), ready_world(), StoredStatus(), NOW)


def test_a_new_cluster_is_pending_then_creating_then_ready() -> None:
    assert state_of(world()) is ClusterState.PENDING
    assert state_of(world(infrastructure=infrastructure(machine("cp", 0), ready=False))) is ClusterState.CREATING
    assert state_of(ready_world()) is ClusterState.READY


def test_a_cluster_is_not_ready_before_every_machine_is_a_node() -> None:
    """The installer's ready was said of the control plane alone, when the workers were not there yet."""
    early = kubernetes(name("cp", 0), conditions=said(*GOOD_KUBERNETES))
    up = ready_world()
    assert state_of(World(up.asked, {**up.seen, KUBERNETES: early})) is ClusterState.CREATING


def test_a_cluster_is_not_up_to_date_while_a_machine_that_was_let_go_still_stands() -> None:
    smaller = cluster(spec(workers=1), generation=2)
    left = kubernetes(*ALL_NAMES[:2], generation=2, left=ALL_NAMES[2:], conditions=said(*GOOD_KUBERNETES))
    up = ready_world()
    seen = World(up.asked, {INFRASTRUCTURE: up.seen[INFRASTRUCTURE], KUBERNETES: left})
    after = World({**seen.asked, **plan(smaller, seen).desired}, seen.seen)
    assert state_of(after, READY, smaller) is ClusterState.UPDATING


def test_a_cluster_is_not_up_to_date_by_what_was_said_of_an_earlier_document_of_its_generation() -> None:
    """A machine has left and is let go: the installer has yet to say that it has taken that up."""
    smaller = cluster(spec(workers=1), generation=2)
    left = kubernetes(*ALL_NAMES[:2], generation=2, left=ALL_NAMES[2:], conditions=said(*GOOD_KUBERNETES))
    small = infrastructure(*ALL[:2], generation=2, conditions=said(*GOOD_INFRASTRUCTURE))
    seen = World(ready_world().asked, {INFRASTRUCTURE: small, KUBERNETES: left})
    after = World({**seen.asked, **plan(smaller, seen).desired}, seen.seen)
    assert state_of(after, READY, smaller) is ClusterState.UPDATING
    taken_up = left.model_copy(update={"left": ()})
    assert state_of(World(after.asked, {**after.seen, KUBERNETES: taken_up}), READY, smaller) is ClusterState.READY


def test_a_node_of_the_server_that_was_replaced_makes_no_cluster_ready() -> None:
    up = ready_world()
    again = infrastructure(
        *ALL[:2], machine("workers", 1, server_id="server-new"), conditions=said(*GOOD_INFRASTRUCTURE)
    )
    nodes = tuple(ObservedNode(name=one.name, role=one.role, server_id=one.server_id, ready=True) for one in ALL)
    stale = kubernetes(*ALL_NAMES, conditions=said(*GOOD_KUBERNETES)).model_copy(update={"nodes": nodes})
    seen = World(up.asked, {INFRASTRUCTURE: again, KUBERNETES: stale})
    after = World({**seen.asked, **plan(cluster(), seen).desired}, seen.seen)
    assert state_of(after, READY) is ClusterState.DEGRADED


def test_a_deletion_is_not_held_up_by_a_failure_from_before_it() -> None:
    before = failing(ErrorCode.QUOTA_EXCEEDED, user_fixable=True)
    going = cluster(generation=2, deleting=True)
    assert deleting_of(before, going).code is None
    assert deleting_of(before, going).reason == "Removing"


def deleting_of(seen: World, going: Cluster) -> Condition:
    found = find_condition(render_status(going, seen, StoredStatus(), NOW).conditions, ConditionType.DELETING)
    assert found is not None
    return found


def test_a_ready_cluster_that_is_changed_stays_ready_and_is_updating() -> None:
    bigger = cluster(spec(workers=3), generation=2)
    status = render_status(bigger, ready_world(), READY, NOW)
    assert status.state is ClusterState.UPDATING
    ready = find_condition(status.conditions, ConditionType.READY)
    assert ready is not None
    assert ready.is_true


def test_a_part_that_goes_while_a_change_is_carried_out_is_no_loss() -> None:
    smaller = cluster(spec(workers=1), generation=2)
    going = said(ConditionType.INFRASTRUCTURE_READY, true=False, message="Server is being deleted")
    up = ready_world()
    seen = World(up.asked, {**up.seen, INFRASTRUCTURE: infrastructure(*ALL, ready=False, conditions=going)})
    assert state_of(seen, READY, smaller) is ClusterState.UPDATING
    assert state_of(seen, READY, cluster()) is ClusterState.DEGRADED


def test_a_change_that_cannot_be_carried_out_shows_in_the_state() -> None:
    bigger = cluster(spec(workers=9), generation=2)
    up = ready_world()
    no_room = said(ConditionType.INFRASTRUCTURE_READY, true=False, code=ErrorCode.QUOTA_EXCEEDED, user_fixable=True)
    seen = World(up.asked, {**up.seen, INFRASTRUCTURE: infrastructure(*ALL, ready=False, conditions=no_room)})
    assert state_of(seen, READY, bigger) is ClusterState.DEGRADED


def test_a_ready_cluster_that_loses_a_part_is_degraded() -> None:
    broken = kubernetes(*ALL_NAMES, ready=False, conditions=said(*GOOD_KUBERNETES[:2]))
    up = ready_world()
    assert state_of(World(up.asked, {**up.seen, KUBERNETES: broken}), READY) is ClusterState.DEGRADED


def test_what_the_user_can_mend_is_an_error_at_once() -> None:
    seen = failing(ErrorCode.QUOTA_EXCEEDED, user_fixable=True)
    status = render_status(cluster(), seen, StoredStatus(), NOW)
    assert status.state is ClusterState.ERROR
    ready = find_condition(status.conditions, ConditionType.READY)
    assert ready is not None
    assert (ready.code, ready.message, ready.user_fixable) == (ErrorCode.QUOTA_EXCEEDED, "why", True)


def test_what_passes_by_itself_is_an_error_only_after_a_while() -> None:
    seen = failing(ErrorCode.MACHINE_UNREACHABLE, user_fixable=False)
    first = render_status(cluster(), seen, StoredStatus(), NOW)
    assert first.state is ClusterState.CREATING
    assert first.waits_for_grace
    later = render_status(cluster(), seen, first, NOW + GRACE)
    assert later.state is ClusterState.ERROR
    assert not later.waits_for_grace
    mended = render_status(cluster(), ready_world(), later, NOW + GRACE + timedelta(seconds=1))
    assert mended.state is ClusterState.READY
    assert mended.troubled_since is None


def test_the_hubs_own_error_is_a_condition_and_goes_with_the_next_good_pass() -> None:
    error = HubError(ErrorCode.INTERNAL, "our bug", user_fixable=False)
    status = render_status(cluster(), ready_world(), READY, NOW, error)
    ready = find_condition(status.conditions, ConditionType.READY)
    assert ready is not None
    assert ready.reason == "InternalError"
    assert render_status(cluster(), ready_world(), status, NOW).state is ClusterState.READY


def test_dns_and_addons_are_not_claimed() -> None:
    types = {condition.type for condition in READY.conditions}
    assert ConditionType.DNS_READY not in types
    assert ConditionType.ADDONS_READY not in types


def test_a_delete_says_what_is_in_its_way() -> None:
    obstacle = said(
        ConditionType.INFRASTRUCTURE_READY,
        true=False,
        code=ErrorCode.CLEANUP_CLUSTER_RESOURCES,
        message="1 port left",
    )
    up = ready_world()
    seen = World(up.asked, {INFRASTRUCTURE: infrastructure(*ALL, generation=2, conditions=obstacle)})
    status = render_status(cluster(generation=2, deleting=True), seen, READY, NOW)
    deleting = find_condition(status.conditions, ConditionType.DELETING)
    assert status.state is ClusterState.DELETING
    assert deleting is not None
    assert (deleting.code, deleting.message) == (ErrorCode.CLEANUP_CLUSTER_RESOURCES, "1 port left")


def test_progress_grows_with_what_is_there() -> None:
    worlds = [
        world(),
        world(infrastructure=infrastructure(ready=False, initialized=False)),
        world(infrastructure=infrastructure(machine("cp", 0), ready=False)),
        world(infrastructure=infrastructure(*ALL)),
        world(infrastructure=infrastructure(*ALL), kubernetes=kubernetes(ALL_NAMES[0], ready=False)),
        ready_world(),
    ]
    percents = [render_status(cluster(), seen, StoredStatus(), NOW).percent for seen in worlds]
    assert percents == sorted(percents)
    assert (percents[0], percents[-1]) == (0, 100)


def test_every_wanted_machine_is_shown_also_before_it_is_made() -> None:
    status = render_status(cluster(), world(infrastructure=infrastructure(machine("cp", 0))), StoredStatus(), NOW)
    assert [(one.name, one.state) for one in status.machines] == [
        (name("cp", 0), MachineState.ACTIVE),
        (name("workers", 0), None),
        (name("workers", 1), None),
    ]


def test_a_transition_keeps_its_time_while_the_status_stays() -> None:
    again = render_status(cluster(), ready_world(), READY, NOW + timedelta(hours=1))
    assert again == READY
