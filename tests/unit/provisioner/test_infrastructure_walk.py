"""From nothing to a cluster's infrastructure and back to nothing."""

from datetime import timedelta

import pytest

from brb_shared.contracts.conditions import ConditionType, find_condition
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.infrastructure import MachineState
from brb_shared.reconcile import Absent, Settled
from fakes.cloud import FakeCloud, SlowCloud
from fakes.cloud_world import CLUSTER, MARK, World, desired

RECHECK = timedelta(minutes=5)


async def test_a_cluster_settles_and_its_latch_is_set() -> None:
    world = World()
    ended = await world.settle()
    assert isinstance(ended.result, Settled)
    assert world.observed.initialized
    assert world.observed.ready
    condition = find_condition(world.observed.conditions, ConditionType.INFRASTRUCTURE_READY)
    assert condition is not None
    assert condition.is_true
    assert [machine.state for machine in world.observed.machines] == [MachineState.ACTIVE, MachineState.ACTIVE]


async def test_the_api_answers_at_the_first_control_planes_addresses() -> None:
    world = World()
    await world.settle()
    outputs, first = world.observed.outputs, world.observed.machines[0]
    assert outputs.api_external_host == first.floating_address
    assert outputs.api_internal_host == first.private_address
    assert world.observed.machines[1].floating_address is None


async def test_all_servers_are_asked_for_in_the_first_pass() -> None:
    world = World(wanted=desired(workers=10))
    await world.run_pass()
    assert len(world.cloud.servers) == 11


async def test_a_pass_begins_nothing_new_when_it_is_half_over() -> None:
    world = World(SlowCloud(), desired(workers=9))
    await world.run_pass()
    assert 3 <= len(world.cloud.servers) < 10
    assert isinstance((await world.settle()).result, Settled)
    assert len(world.cloud.servers) == 10


async def test_a_cluster_of_which_nothing_was_asked_for_is_not_looked_for() -> None:
    world = World()
    await world.run_pass()
    calls = world.cloud.inside.script.calls
    assert "create_server" in calls
    assert not [call for call in calls if call.startswith("list_")]


async def test_only_what_was_asked_for_is_looked_for() -> None:
    world = World()
    await world.settle()
    world.restart()
    looked = await _lists_in_a_pass(world)
    assert looked >= {"list_servers", "list_ports", "list_networks", "list_floating_ips"}
    assert not looked & {"list_volumes", "list_load_balancers"}


async def test_one_more_machine_is_asked_for_without_another_look_at_what_stands() -> None:
    world = World()
    await world.settle()
    world.want(desired(workers=2))
    looked = await _lists_in_a_pass(world)
    assert len(world.cloud.servers) == 3
    assert looked <= {"list_security_groups", "list_floating_ips", "list_router_interfaces"}


@pytest.mark.parametrize("reason", [{"retry": 1}, {"doubts": ("w-0 does not answer on SSH",)}])
async def test_what_asks_for_a_look_gets_one(reason: dict[str, object]) -> None:
    world = World()
    await world.settle()
    world.want(desired(workers=2).model_copy(update=reason))
    assert "list_ports" in await _lists_in_a_pass(world)


async def test_a_look_is_not_believed_after_the_time_for_the_next_one() -> None:
    world = World()
    await world.settle()
    world.cloud.clock.advance(RECHECK + timedelta(seconds=1))
    world.want(desired(workers=2))
    assert "list_ports" in await _lists_in_a_pass(world)


async def test_what_was_made_is_looked_at_again_soon_and_tagged_then() -> None:
    world = World()
    calls = world.cloud.inside.script.calls
    assert (await world.settle()).result == Settled(timedelta(minutes=1))
    assert "add_tag" not in calls
    assert (await world.settle()).result == Settled(RECHECK)
    ports = [port for port in world.cloud.ports.values() if port.description == MARK]
    made = [*world.cloud.networks.values(), *world.cloud.floating_ips.values(), *ports]
    assert {resource.tags for resource in made} == {frozenset({MARK})}
    tagged = calls.count("add_tag")
    await world.settle()
    assert calls.count("add_tag") == tagged


async def _lists_in_a_pass(world: World) -> set[str]:
    calls = world.cloud.inside.script.calls
    before = len(calls)
    await world.run_pass()
    return {call for call in calls[before:] if call.startswith("list_")}


async def test_looking_at_building_servers_costs_one_call() -> None:
    world = World(wanted=desired(workers=3))
    await world.run_pass()
    calls = world.cloud.inside.script.calls
    before = len(calls)
    await world.run_pass()
    assert calls[before:] == ["list_building_servers"]


async def test_the_private_host_key_is_forgotten_once_the_server_is_active() -> None:
    world = World()
    await world.run_pass()
    assert all(machine.host_key_sealed for machine in world.records.stored.machines)
    await world.settle()
    assert not any(machine.host_key_sealed for machine in world.records.stored.machines)


async def test_control_planes_stand_apart_behind_a_load_balancer() -> None:
    world = World(wanted=desired(control_planes=3, load_balancer=True))
    await world.settle()
    outputs = world.observed.outputs
    (balancer,) = world.cloud.balancers.values()
    members = {address for address, _ in world.cloud.trees[balancer.id].members}
    assert members == {machine.private_address for machine in world.observed.machines[:3]}
    assert outputs.api_internal_host == balancer.vip_address
    assert outputs.load_balancer_id == balancer.id
    hints = {plan.server_group_id for plan in world.cloud.plans.values()}
    assert hints == {next(iter(world.cloud.server_groups)), None}


async def test_a_machine_boots_from_a_volume_of_its_own() -> None:
    world = World(wanted=desired(root_volume_gib=20))
    await world.settle()
    (volume,) = world.cloud.volumes.values()
    assert volume.status == "in-use"


async def test_deleting_leaves_nothing_and_reports_all_that_was_there() -> None:
    world = World(wanted=desired(workers=2, control_planes=3, load_balancer=True, root_volume_gib=20))
    await world.settle()
    stood = {resource.id for resource in world.cloud.everything()}
    world.delete()
    ended = await world.settle()
    assert isinstance(ended.result, Absent)
    assert world.cloud.everything() == []
    assert world.observed.presence is Presence.ABSENT
    assert world.observed.remaining == ()
    removed = {ref.id for ref in world.observed.removed}
    vip_port = {resource for resource in stood if resource not in removed}
    assert len(vip_port) == 1, "only the load balancer's own VIP port goes without being named"


async def test_what_the_cluster_itself_made_is_removed_too() -> None:
    world = World()
    await world.settle()
    world.cloud.add_service_of_type_load_balancer(CLUSTER)
    world.cloud.add_persistent_volume(CLUSTER)
    world.delete()
    ended = await world.settle()
    assert isinstance(ended.result, Absent)
    assert world.cloud.everything() == []
    assert {"volume-csi", "snapshot-csi", "ip-svc", "group-svc"} <= {ref.id for ref in world.observed.removed}


async def test_another_clusters_things_are_not_touched() -> None:
    cloud = FakeCloud()
    world = World(cloud)
    await world.settle()
    theirs = await cloud.create_network("theirs", "brb:cluster=c-other00000")
    world.delete()
    await world.settle()
    assert cloud.everything() == [theirs]


async def test_a_kept_floating_ip_is_left_without_a_mark() -> None:
    world = World()
    await world.settle()
    address = world.observed.outputs.api_external_host
    world.delete(keep_floating_ip=True)
    await world.settle()
    (kept,) = world.cloud.everything()
    assert kept.description == "Kept from cluster demo"
    assert [ref.name for ref in world.observed.kept] == [address]


async def test_a_cluster_that_never_began_is_gone_at_once() -> None:
    world = World()
    world.clouds.hub_has_credential = False
    world.delete()
    ended = await world.settle()
    assert isinstance(ended.result, Absent)
    assert ended.passes == 1


async def test_a_repeated_delete_says_its_report_again() -> None:
    world = World()
    await world.settle()
    world.delete()
    await world.settle()
    report = world.observed.removed
    world.clouds.has_operator = False
    world.delete()
    ended = await world.settle()
    assert isinstance(ended.result, Absent)
    assert world.observed.removed == report
    assert world.observed.observed_generation == 3
