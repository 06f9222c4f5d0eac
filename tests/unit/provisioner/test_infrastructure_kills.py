"""A kill -9 before and after every outside call of create and of delete: one of each, and nothing left at the end.

Outside calls are those to the cloud and the writes to the database; the fake cloud numbers them.
"""

from collections import Counter

import pytest

from brb_shared.contracts.infrastructure import InfrastructureDesired
from brb_shared.reconcile import Absent, Again, Settled
from fakes.cloud_base import KillAt, Killed, Script
from fakes.cloud_world import CLUSTER, World, desired

SMALL = desired()
WIDE = desired(control_planes=3, workers=1, load_balancer=True, root_volume_gib=10, worker_floating_ips=True)
SHAPES = {"one control plane": SMALL, "three behind a load balancer, a volume": WIDE}


async def count_calls_to_settle(wanted: InfrastructureDesired) -> int:
    world = World(wanted=wanted)
    await world.settle()
    return len(world.cloud.inside.script.calls)


async def settled_world(wanted: InfrastructureDesired) -> World:
    world = World(wanted=wanted)
    await world.settle()
    world.cloud.add_service_of_type_load_balancer(CLUSTER)
    world.cloud.add_persistent_volume(CLUSTER)
    world.cloud.use(Script())
    return world


async def count_calls_to_delete(wanted: InfrastructureDesired) -> int:
    world = await settled_world(wanted)
    world.delete()
    await world.settle()
    return len(world.cloud.inside.script.calls)


async def run_until_killed(world: World, script: KillAt) -> None:
    """Passes until the kill; then a new process begins, which knows nothing but the database."""
    world.cloud.use(script)
    try:
        while not script.is_dead:
            result = await world.run_pass()
            if isinstance(result, Again):
                world.cloud.clock.advance(result.after)
            elif isinstance(result, Absent | Settled):
                break
    except Killed:
        pass
    world.cloud.use(Script())
    world.restart()


def one_of_each(world: World, wanted: InfrastructureDesired) -> None:
    """What stands is what one undisturbed walk makes; the ledger knows it all."""
    cloud = world.cloud
    names = Counter(server.name for server in cloud.servers.values())
    assert names == Counter(machine.name for machine in wanted.machines)
    wide = int(wanted is WIDE)
    counts = {
        "networks": (len(cloud.networks), 1),
        "subnets": (len(cloud.subnets), 1),
        "routers": (len(cloud.routers), 1),
        "security groups": (len(cloud.groups), 2),
        "server groups": (len(cloud.server_groups), 1),
        "load balancers": (len(cloud.balancers), wide),
        "volumes": (len(cloud.volumes), wide),
        "floating IPs": (len(cloud.floating_ips), 1 + wide),
        "ports": (len(cloud.ports), len(wanted.machines) + 1 + wide),
    }
    assert {name: there for name, (there, _) in counts.items()} == {name: due for name, (_, due) in counts.items()}
    assert [len(group.rules) for group in cloud.groups.values()] == [7 + wide, 2 + wide]
    made = {ref.id for ref in world.observed.made}
    assert {server.id for server in cloud.servers.values()} <= made
    assert world.observed.ready


async def the_host_keys_are_those_the_machines_were_given(world: World) -> None:
    for machine in world.records.stored.machines:
        (server,) = (server for server in world.cloud.servers.values() if server.name == machine.name)
        assert machine.host_public_key in world.cloud.plans[server.id].user_data


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
async def test_a_kill_anywhere_in_create_leaves_one_of_each(shape: str, after: bool) -> None:
    wanted = SHAPES[shape]
    for index in range(await count_calls_to_settle(wanted)):
        world = World(wanted=wanted)
        await run_until_killed(world, KillAt(index, after=after))
        ended = await world.settle()
        assert isinstance(ended.result, Settled), f"killed at call {index}"
        one_of_each(world, wanted)
        await the_host_keys_are_those_the_machines_were_given(world)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
async def test_a_kill_anywhere_in_create_then_delete_leaves_nothing(shape: str, after: bool) -> None:
    wanted = SHAPES[shape]
    for index in range(await count_calls_to_settle(wanted)):
        world = World(wanted=wanted)
        await run_until_killed(world, KillAt(index, after=after))
        world.delete()
        ended = await world.settle()
        assert isinstance(ended.result, Absent), f"killed at call {index}"
        assert world.cloud.everything() == [], f"killed at call {index}"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
async def test_a_kill_anywhere_in_delete_leaves_nothing(shape: str, after: bool) -> None:
    wanted = SHAPES[shape]
    for index in range(await count_calls_to_delete(wanted)):
        world = await settled_world(wanted)
        world.delete()
        await run_until_killed(world, KillAt(index, after=after))
        ended = await world.settle()
        assert isinstance(ended.result, Absent), f"killed at call {index}"
        assert world.cloud.everything() == [], f"killed at call {index}"
