"""What changes after a cluster has settled: by hand in the cloud, or by a new desired state."""

from dataclasses import replace
from datetime import timedelta

from brb_provisioner.openstack.resources import LoadBalancerTree, Network, Port, Subnet
from brb_shared.contracts.infrastructure import InfrastructureDesired, MachineState
from brb_shared.reconcile import Settled
from fakes.cloud_network import put
from fakes.cloud_world import World, desired


async def settled(wanted: InfrastructureDesired | None = None) -> World:
    world = World(wanted=wanted)
    await world.settle()
    return world


async def test_a_server_deleted_by_hand_is_made_again_with_a_new_host_key_at_the_same_address() -> None:
    world = await settled()
    before = world.observed.machines[1]
    world.cloud.vanish(before.name)
    assert isinstance((await world.settle()).result, Settled)
    after = world.observed.machines[1]
    assert after.server_id != before.server_id
    assert after.host_public_key != before.host_public_key
    assert after.private_address == before.private_address


async def test_a_doubt_of_the_installer_has_a_lost_server_replaced_without_waiting_for_the_next_comparison() -> None:
    world = await settled()
    lost = world.observed.machines[1]
    world.cloud.vanish(lost.name)
    world.want(desired().model_copy(update={"doubts": (f"{lost.name} does not answer on SSH",)}))
    await world.run_pass()
    assert "ResourceLost" in world.happenings()
    await world.settle()
    assert world.observed.machines[1].server_id != lost.server_id


async def test_what_is_lost_just_before_another_machine_is_asked_for_is_made_again_at_the_second_look() -> None:
    world = await settled()
    lost = next(port for port in world.cloud.ports.values() if port.name == world.observed.machines[1].name)
    world.cloud.vanish(world.observed.machines[1].name)
    del world.cloud.ports[lost.id]
    world.want(desired(workers=2))
    assert (await world.settle()).result == Settled(timedelta(minutes=1))
    await world.settle()
    assert len(world.cloud.servers) == 3
    assert "ResourceLost" in world.happenings()


async def test_a_replaced_server_boots_from_a_fresh_volume() -> None:
    world = await settled(desired(root_volume_gib=10))
    (old,) = world.cloud.volumes
    world.cloud.vanish(world.observed.machines[1].name)
    await world.settle()
    (new,) = world.cloud.volumes
    assert new != old
    assert world.cloud.volumes[new].status == "in-use"


async def test_a_rule_taken_out_by_hand_is_put_back() -> None:
    world = await settled()
    group = next(group for group in world.cloud.groups.values() if group.name.endswith("control-plane"))
    await world.cloud.delete_rule(group.rules[0][0])
    await world.settle()
    rules = {rule for _, rule in world.cloud.groups[group.id].rules}
    assert rules == {rule for _, rule in group.rules}
    assert "SecurityGroupRepaired" in world.happenings()


async def test_narrower_source_ranges_close_the_old_doors() -> None:
    world = await settled()
    wanted = desired()
    network = wanted.network.model_copy(update={"ssh_allowed_cidrs": ("192.0.2.0/24",)})
    world.want(wanted.model_copy(update={"network": network}))
    await world.settle()
    rules = [rule for group in world.cloud.groups.values() for _, rule in group.rules if rule.port_min == 22]
    assert [rule.remote_cidr for rule in rules] == ["192.0.2.0/24"]


async def test_a_floating_ip_deleted_by_hand_is_made_again() -> None:
    world = await settled()
    world.cloud.floating_ips.clear()
    await world.settle()
    (address,) = world.cloud.floating_ips.values()
    assert world.observed.outputs.api_external_host == address.address
    assert world.observed.initialized


async def test_a_floating_ip_set_free_by_hand_is_attached_again() -> None:
    world = await settled()
    (before,) = world.cloud.floating_ips.values()
    await world.cloud.release_floating_ip(before.id, before.description)
    await world.settle()
    assert world.cloud.floating_ips[before.id].port_id == before.port_id


async def test_a_stopped_server_is_said_and_left_alone() -> None:
    world = await settled()
    server = next(iter(world.cloud.servers.values()))
    world.cloud.servers[server.id] = replace(server, status="SHUTOFF")
    await world.run_pass()
    assert world.observed.machines[0].state is MachineState.STOPPED
    assert not world.observed.ready
    world.cloud.servers[server.id] = server
    await world.settle()
    assert world.observed.ready
    assert world.observed.machines[0].state is MachineState.ACTIVE


async def test_scaling_out_makes_only_the_new_machines() -> None:
    world = await settled()
    before = set(world.cloud.servers)
    world.want(desired(workers=4))
    await world.settle()
    assert before < set(world.cloud.servers)
    assert len(world.cloud.servers) == 5


async def test_scaling_in_takes_all_parts_of_a_machine_and_nothing_else() -> None:
    world = await settled(desired(workers=3, root_volume_gib=10, worker_floating_ips=True))
    world.want(desired(workers=1, root_volume_gib=10, worker_floating_ips=True))
    await world.settle()
    cloud = world.cloud
    assert (len(cloud.servers), len(cloud.volumes), len(cloud.floating_ips)) == (2, 1, 2)
    assert len(cloud.ports) == 3
    assert {machine.name for machine in world.observed.machines} == {server.name for server in cloud.servers.values()}
    assert world.happenings().count("MachineRemoved") == 2


async def test_amphora_is_told_narrower_source_ranges() -> None:
    world = World(wanted=desired(load_balancer=True))
    world.clouds.registration = world.clouds.registration.model_copy(update={"lb_provider": "amphora"})
    await world.settle()
    wanted = desired(load_balancer=True)
    network = wanted.network.model_copy(update={"api_allowed_cidrs": ("192.0.2.0/24",)})
    world.want(wanted.model_copy(update={"network": network}))
    await world.settle()
    assert list(world.cloud.allowed_cidrs.values()) == [("192.0.2.0/24",)]


async def test_members_follow_the_control_planes() -> None:
    world = await settled(desired(control_planes=1, load_balancer=True))
    world.want(desired(control_planes=3, load_balancer=True))
    await world.settle()
    (tree,) = world.cloud.trees.values()
    assert len(tree.members) == 3


async def test_what_is_missing_below_the_load_balancer_is_put_back() -> None:
    world = await settled(desired(control_planes=3, load_balancer=True))
    (balancer,) = world.cloud.balancers
    world.cloud.trees[balancer] = LoadBalancerTree()
    await world.settle()
    tree = world.cloud.trees[balancer]
    assert tree.listener_id
    assert tree.pool_id
    assert tree.health_monitor_id
    assert len(tree.members) == 3


async def test_a_load_balancer_in_error_is_made_anew_before_anybody_knows_its_address() -> None:
    world = World(wanted=desired(control_planes=3, load_balancer=True))
    await world.run_pass()
    (balancer,) = world.cloud.balancers.values()
    world.cloud.balancers[balancer.id] = replace(balancer, provisioning_status="ERROR")
    await world.settle()
    (after,) = world.cloud.balancers.values()
    assert after.id != balancer.id
    assert world.observed.outputs.api_internal_host == after.vip_address
    assert world.observed.ready


async def test_a_settled_cluster_publishes_nothing_when_nothing_changed() -> None:
    world = await settled()
    published = len(world.records.published)
    world.cloud.clock.advance(timedelta(minutes=5))
    await world.settle()
    assert len(world.records.published) == published


async def test_the_existing_network_is_used_and_left() -> None:
    world = World()
    cloud = world.cloud
    put(cloud.networks, Network(id="n", name="theirs"))
    put(cloud.subnets, Subnet(id="s", name="theirs", network_id="n", cidr="10.9.0.0/24"))
    put(cloud.ports, Port(id="p", network_id="n", device_id="their-router", device_owner="network:router_interface"))
    theirs = cloud.everything()
    network = desired().network.model_copy(update={"existing_network": "n"})
    world.want(desired().model_copy(update={"network": network}))
    await world.settle()
    assert world.observed.ready
    assert (world.observed.outputs.network_id, world.observed.outputs.subnet_id) == ("n", "s")
    assert len(cloud.networks) == 1
    assert cloud.routers == {}
    world.delete()
    await world.settle()
    assert cloud.everything() == theirs
