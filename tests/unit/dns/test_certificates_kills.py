"""A kill -9 before and after every outside call: one order, one account, one certificate, no TXT record left."""

from datetime import timedelta

import pytest

from brb_shared.reconcile import Absent, Settled
from fakes.acme_world import World
from fakes.cloud_base import KillAt, Killed, Script


async def calls_to_settle() -> int:
    world = World()
    script = Script()
    world.use(script)
    await world.settle()
    return len(script.calls)


async def run_until_killed(world: World, script: KillAt) -> None:
    world.use(script)
    try:
        while not script.is_dead and not isinstance(await world.run_pass(), Settled | Absent):
            pass
    except Killed:
        pass
    world.use(Script())
    world.restart()


def serial_of(world: World) -> str:
    assert world.certificate.issued is not None
    return world.certificate.issued.serial


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after the effect"])
@pytest.mark.parametrize("lists_orders", [True, False], ids=["orders are listed", "orders are given again"])
async def test_a_kill_between_any_two_steps_leaves_one_order_and_no_record(*, after: bool, lists_orders: bool) -> None:
    for index in range(await calls_to_settle()):
        world = World()
        world.ca.lists_orders = lists_orders
        await run_until_killed(world, KillAt(index, after=after))
        await world.settle()
        assert len(world.ca.orders) == 1, index
        assert len(world.ca.accounts) == 1, index
        assert len(world.ca.issued) == 1, index
        assert world.zone.values == set(), index
        assert world.reasons == ["CertificateIssued"], index


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after the effect"])
async def test_a_kill_during_a_removal_leaves_nothing(*, after: bool) -> None:
    index, was_killed = 0, True
    while was_killed:
        world = World()
        world.zone.hidden = ("192.0.2.53:53",)
        await world.run_pass()
        world.change(wanted=False)
        script = KillAt(index, after=after)
        await run_until_killed(world, script)
        was_killed = script.is_dead
        assert isinstance(await world.run_pass(), Absent)
        assert world.zone.values == set()
        assert world.records.certificates == {}
        index += 1
    assert index > 2


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after the effect"])
async def test_a_kill_during_a_renewal_leaves_one_order_more_and_the_old_certificate_until_then(*, after: bool) -> None:
    index, was_killed = 0, True
    while was_killed:
        world = World()
        await world.settle()
        first = serial_of(world)
        world.clock.advance(timedelta(days=80))
        script = KillAt(index, after=after)
        await run_until_killed(world, script)
        was_killed = script.is_dead
        assert serial_of(world) == first or world.certificate.order is None
        await world.settle()
        assert serial_of(world) != first
        assert len(world.ca.orders) == len(world.ca.issued) == 2
        assert world.zone.values == set()
        assert world.reasons == ["CertificateIssued", "CertificateRenewed"]
        index += 1
    assert index > 10
