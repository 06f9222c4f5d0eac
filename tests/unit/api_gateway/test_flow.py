"""plan() by example: what is asked of whom, and when."""

from brb_api_gateway.clusters.flow import STAGES, plan
from brb_api_gateway.clusters.world import ALWAYS, DNS, INFRASTRUCTURE, KUBERNETES, Cluster, World
from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType, ErrorCode
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.dns import DnsDesired
from brb_shared.contracts.infrastructure import InfrastructureDesired, MachineState
from brb_shared.contracts.kubernetes import KubernetesDesired
from fakes.clusters import OUTPUTS, cluster, infrastructure, kubernetes, machine, name, pool, spec, world

ALL = (machine("cp", 0), machine("workers", 0), machine("workers", 1))
ALL_NAMES = tuple(one.name for one in ALL)


def infrastructure_of(wanted: Cluster, seen: World) -> InfrastructureDesired:
    document = plan(wanted, seen).desired[INFRASTRUCTURE]
    assert isinstance(document, InfrastructureDesired)
    return document


def kubernetes_of(wanted: Cluster, seen: World) -> KubernetesDesired:
    document = plan(wanted, seen).desired[KUBERNETES]
    assert isinstance(document, KubernetesDesired)
    return document


def asked_for(wanted: Cluster, seen: World) -> World:
    """The world after what the plan says was sent."""
    return World(asked={**seen.asked, **plan(wanted, seen).desired}, seen=seen.seen)


def names(document: InfrastructureDesired | KubernetesDesired) -> list[str]:
    return [one.name for one in document.machines]


def test_only_infrastructure_is_asked_for_at_first() -> None:
    decided = plan(cluster(), world())
    assert list(decided.desired) == [INFRASTRUCTURE]
    assert names(infrastructure_of(cluster(), world())) == [name("cp", 0), name("workers", 0), name("workers", 1)]


def test_every_stage_comes_after_those_it_needs() -> None:
    for place, stage in enumerate(STAGES):
        assert set(stage.needs) <= {earlier.name for earlier in STAGES[:place]}


def test_kubernetes_waits_until_infrastructure_is_initialized() -> None:
    before = world(infrastructure=infrastructure(machine("cp", 0), initialized=False))
    assert KUBERNETES not in plan(cluster(), before).desired
    after = world(infrastructure=infrastructure(machine("cp", 0)))
    assert names(kubernetes_of(cluster(), after)) == [name("cp", 0)]


def test_kubernetes_is_asked_for_with_every_machine_that_stands() -> None:
    stopped = machine("workers", 1, state=MachineState.STOPPED)
    broken = machine("workers", 0, state=MachineState.ERROR)
    seen = world(infrastructure=infrastructure(machine("cp", 0), broken, stopped, ready=False))
    assert names(kubernetes_of(cluster(), seen)) == [name("cp", 0), name("workers", 1)]


def test_a_machine_that_is_building_is_named_as_soon_as_its_server_is_known() -> None:
    building = machine("workers", 0, state=MachineState.BUILDING)
    unknown = machine("workers", 1, state=MachineState.BUILDING, server_id=None)
    seen = world(infrastructure=infrastructure(machine("cp", 0), building, unknown, ready=False))
    asked = kubernetes_of(cluster(), seen).machines
    assert [(each.name, each.building) for each in asked] == [(name("cp", 0), False), (name("workers", 0), True)]


def test_names_are_asked_for_beside_kubernetes_with_every_public_address() -> None:
    wanted = cluster(stages=ALWAYS | {DNS})
    floating = machine("cp", 0, floating_address="198.51.100.20")
    decided = plan(wanted, world(infrastructure=infrastructure(floating, machine("workers", 0))))
    assert set(decided.desired) == {INFRASTRUCTURE, KUBERNETES, DNS}
    names_wanted = decided.desired[DNS]
    assert isinstance(names_wanted, DnsDesired)
    assert names_wanted.addresses == ("198.51.100.20", "198.51.100.7")
    assert names_wanted.tenant.project_id == wanted.project_id


def test_names_asked_for_last_stand_while_no_address_is_seen() -> None:
    wanted = cluster(stages=ALWAYS | {DNS})
    hidden = infrastructure(*ALL, outputs=OUTPUTS.model_copy(update={"api_external_host": None}))
    assert DNS not in plan(wanted, world(infrastructure=hidden)).desired


def test_a_platform_without_a_zone_asks_for_no_names_and_waits_for_none() -> None:
    up = asked_for(cluster(stages=ALWAYS | {DNS}), world(infrastructure=infrastructure(*ALL)))
    assert DNS in up.asked
    assert DNS not in plan(cluster(), up).desired
    gone = cluster(generation=2, deleting=True)
    assert DNS not in plan(gone, up).desired


def test_infrastructure_goes_only_after_the_names_are_gone() -> None:
    up = asked_for(cluster(stages=ALWAYS | {DNS}), world(infrastructure=infrastructure(*ALL)))
    gone = cluster(generation=2, deleting=True, stages=ALWAYS | {DNS})
    first = plan(gone, up).desired
    assert {stage: one.presence for stage, one in first.items()} == {
        KUBERNETES: Presence.ABSENT,
        DNS: Presence.ABSENT,
    }


def test_a_hiccup_of_infrastructure_tears_nothing_down() -> None:
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=kubernetes(*ALL_NAMES)))
    hiccup = World(asked=up.asked, seen={**up.seen, INFRASTRUCTURE: infrastructure(*ALL, ready=False)})
    assert plan(cluster(), hiccup).desired == dict(up.asked)


def test_while_no_control_plane_stands_the_nodes_asked_for_last_stand() -> None:
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=kubernetes(*ALL_NAMES)))
    lost = World(asked=up.asked, seen={**up.seen, INFRASTRUCTURE: infrastructure(*ALL[1:], ready=False)})
    assert KUBERNETES not in plan(cluster(), lost).desired


def test_a_smaller_pool_sends_its_highest_indices_away_through_the_installer_first() -> None:
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=kubernetes(*ALL_NAMES)))
    smaller = cluster(spec(workers=1), generation=2)
    assert names(infrastructure_of(smaller, up)) == list(ALL_NAMES)
    leaving = {one.name: one.leaving for one in kubernetes_of(smaller, up).machines}
    assert leaving == {name("cp", 0): False, name("workers", 0): False, name("workers", 1): True}


def test_a_machine_goes_once_the_installer_says_that_it_left() -> None:
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=kubernetes(*ALL_NAMES)))
    smaller = cluster(spec(workers=1), generation=2)
    left = kubernetes(*ALL_NAMES[:2], generation=2, left=(name("workers", 1),))
    after = World(asked=up.asked, seen={**up.seen, KUBERNETES: left})
    assert names(infrastructure_of(smaller, after)) == list(ALL_NAMES[:2])
    assert names(kubernetes_of(smaller, after)) == list(ALL_NAMES[:2])


def test_a_machine_that_was_let_go_is_not_asked_for_again_while_its_server_still_stands() -> None:
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=kubernetes(*ALL_NAMES)))
    smaller = cluster(spec(workers=1), generation=2)
    left = kubernetes(*ALL_NAMES[:2], generation=2, left=(name("workers", 1),))
    gone = asked_for(smaller, World(asked=up.asked, seen={**up.seen, KUBERNETES: left}))
    forgotten = World(asked=gone.asked, seen={**gone.seen, KUBERNETES: kubernetes(*ALL_NAMES[:2], generation=2)})
    assert names(infrastructure_of(smaller, forgotten)) == list(ALL_NAMES[:2])


def test_an_old_generations_farewell_does_not_count() -> None:
    stale = kubernetes(*ALL_NAMES, generation=1, left=(name("workers", 1),))
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=stale))
    smaller = cluster(spec(workers=1), generation=3)
    assert name("workers", 1) in names(infrastructure_of(smaller, up))


def test_a_machine_that_never_came_up_needs_no_farewell() -> None:
    broken = machine("workers", 1, state=MachineState.ERROR, private_address=None)
    seen = world(infrastructure=infrastructure(*ALL[:2], broken), kubernetes=kubernetes(*ALL_NAMES[:2]))
    up = asked_for(cluster(), seen)
    assert names(infrastructure_of(cluster(spec(workers=1), generation=2), up)) == list(ALL_NAMES[:2])


def test_a_pool_taken_out_of_the_spec_stays_known_while_it_has_machines() -> None:
    two = spec(machine_pools=(pool("cp", 1, control_plane=True), pool("workers", 1), pool("big", 1)))
    machines = (machine("cp", 0), machine("workers", 0), machine("big", 0))
    node_names = tuple(one.name for one in machines)
    up = asked_for(cluster(two), world(infrastructure=infrastructure(*machines), kubernetes=kubernetes(*node_names)))
    document = infrastructure_of(cluster(spec(workers=1), generation=2), up)
    assert [one.name for one in document.pools] == ["cp", "workers", "big"]
    assert name("big", 0) in names(document)


def test_labels_and_taints_reach_the_machines_of_their_pool() -> None:
    labelled = spec(machine_pools=(pool("cp", 1, control_plane=True), pool("workers", 1, labels={"disk": "ssd"})))
    seen = world(infrastructure=infrastructure(machine("cp", 0), machine("workers", 0)))
    by_name = {one.name: one for one in kubernetes_of(cluster(labelled), seen).machines}
    assert by_name[name("workers", 0)].labels == {"disk": "ssd"}
    assert by_name[name("cp", 0)].labels == {}


def test_a_retry_changes_the_documents_so_that_they_are_sent_again() -> None:
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL)))
    again = plan(cluster(retry=1), up).desired
    assert {document.retry for document in again.values()} == {1}


def test_a_silent_machine_makes_the_provisioner_look_until_it_is_heard_of_again() -> None:
    silent = Condition(
        type=ConditionType.WORKERS_AVAILABLE,
        status=ConditionStatus.FALSE,
        reason="MachineUnreachable",
        message=f"{name('workers', 1)} does not answer on SSH",
        code=ErrorCode.MACHINE_UNREACHABLE,
    )
    up = infrastructure(*ALL)
    quiet = world(infrastructure=up, kubernetes=kubernetes(*ALL_NAMES, ready=False, conditions=(silent,)))
    assert infrastructure_of(cluster(), quiet).doubts == (silent.message,)
    heard = world(infrastructure=up, kubernetes=kubernetes(*ALL_NAMES))
    assert infrastructure_of(cluster(), heard).doubts == ()


def test_planning_twice_changes_nothing() -> None:
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=kubernetes(*ALL_NAMES)))
    assert plan(cluster(), up).desired == dict(up.asked)


def test_a_delete_takes_kubernetes_down_first_and_leaves_infrastructure_as_it_is() -> None:
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=kubernetes(*ALL_NAMES)))
    decided = plan(cluster(generation=2, deleting=True), up)
    assert list(decided.desired) == [KUBERNETES]
    assert decided.desired[KUBERNETES].presence is Presence.ABSENT
    assert decided.desired[KUBERNETES].generation == 2
    assert not decided.finished


def test_infrastructure_goes_once_kubernetes_is_absent() -> None:
    deleting = cluster(generation=2, deleting=True)
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=kubernetes(*ALL_NAMES)))
    down = asked_for(deleting, up)
    gone = World(asked=down.asked, seen={**down.seen, KUBERNETES: kubernetes(generation=2, presence=Presence.ABSENT)})
    document = infrastructure_of(deleting, gone)
    assert document.presence is Presence.ABSENT


def test_infrastructure_goes_at_once_if_kubernetes_was_never_asked_for() -> None:
    begun = asked_for(cluster(), world())
    document = infrastructure_of(cluster(generation=2, deleting=True), begun)
    assert document.presence is Presence.ABSENT


def test_a_worker_that_is_absent_before_it_has_begun_does_not_end_the_delete() -> None:
    early = kubernetes(generation=1, presence=Presence.ABSENT, initialized=False)
    up = asked_for(cluster(), world(infrastructure=infrastructure(*ALL), kubernetes=early))
    deleting = cluster(generation=2, deleting=True)
    assert INFRASTRUCTURE not in plan(deleting, asked_for(deleting, up)).desired


def test_a_delete_is_finished_once_nothing_is_left() -> None:
    deleting = cluster(generation=2, deleting=True)
    assert plan(deleting, world()).finished
    begun = asked_for(deleting, asked_for(cluster(), world()))
    assert not plan(deleting, begun).finished
    gone = World(asked=begun.asked, seen={INFRASTRUCTURE: infrastructure(generation=2, presence=Presence.ABSENT)})
    assert plan(deleting, gone).finished


def test_the_floating_ip_is_kept_if_the_spec_says_so_at_the_end() -> None:
    begun = asked_for(cluster(), world())
    keeping = cluster(spec(keep_floating_ip=True), generation=2, deleting=True)
    assert infrastructure_of(keeping, begun).keep_floating_ip
