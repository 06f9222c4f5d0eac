"""What goes wrong in a cloud: the code, the sentence, and that it goes on once the cause is gone."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from brb_provisioner.errors import ResourceGone, translate
from brb_provisioner.openstack.resources import Port, QuotaResource
from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType, ErrorCode, find_condition
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.infrastructure import MachineState
from brb_shared.reconcile import Absent, Again, ReconcileError, Settled, TerminalError, TransientError
from fakes.cloud import (
    DepletedAddressesCloud,
    ErrorServerCloud,
    FakeCloud,
    ForgetfulCloud,
    LateQuotaCloud,
    NeverActiveCloud,
)
from fakes.cloud_base import FailAt, Script
from fakes.cloud_network import put
from fakes.cloud_world import World, desired


def ready_of(world: World) -> Condition:
    condition = find_condition(world.observed.conditions, ConditionType.INFRASTRUCTURE_READY)
    assert condition is not None
    return condition


def deleting_of(world: World) -> Condition:
    condition = find_condition(world.observed.conditions, ConditionType.DELETING)
    assert condition is not None
    return condition


ANSWERS = [
    (401, "Unauthorized", ErrorCode.UNAUTHENTICATED, TerminalError, "new application credential"),
    (403, "Policy doesn't allow it", ErrorCode.UNAUTHORIZED, TerminalError, "role it lacks"),
    (403, "Quota exceeded for instances", ErrorCode.QUOTA_EXCEEDED, TerminalError, "larger quota"),
    (409, "Quota exceeded for resources: ['port']", ErrorCode.QUOTA_EXCEEDED, TerminalError, "larger quota"),
    (413, "VolumeLimitExceeded: Maximum number of volumes", ErrorCode.QUOTA_EXCEEDED, TerminalError, "larger quota"),
    (404, "Network could not be found", ErrorCode.DEPENDENCIES, TransientError, "tried again"),
    (409, "The resource is in use", ErrorCode.INFRA_UNAVAILABLE, TransientError, "busy"),
    (409, "No more IP addresses available", ErrorCode.RESOURCES_DEPLETED, TerminalError, "no room"),
    (400, "Invalid flavor", ErrorCode.CONFIGURATION_PROBLEM, TerminalError, "Change the cluster's settings"),
    (429, "Too many requests", ErrorCode.RATE_LIMITS_EXCEEDED, TransientError, "rate"),
    (500, "Internal error", ErrorCode.INFRA_UNAVAILABLE, TransientError, "failed with 500"),
    (503, "Service unavailable", ErrorCode.INFRA_UNAVAILABLE, TransientError, "failed with 503"),
    (None, "Read timed out", ErrorCode.INFRA_UNAVAILABLE, TransientError, "did not answer"),
    (None, "Connection reset by peer", ErrorCode.INFRA_UNAVAILABLE, TransientError, "did not answer"),
]


@pytest.mark.parametrize(("status", "details", "code", "kind", "words"), ANSWERS)
def test_each_answer_of_a_cloud_has_a_code_and_a_sentence(
    status: int | None, details: str, code: ErrorCode, kind: type[ReconcileError], words: str
) -> None:
    error = translate(status, details, "creating a port")
    assert isinstance(error, kind)
    assert error.code is code
    assert words in error.message
    assert "creating a port" in error.message


@pytest.mark.parametrize(("status", "details", "code", "kind", "words"), ANSWERS)
@pytest.mark.parametrize(
    "call",
    ["create_network", "create_port", "create_server", "list_building_servers", "list_servers", "authenticate"],
)
async def test_a_cluster_goes_on_when_the_cause_is_gone(
    call: str, status: int | None, details: str, code: ErrorCode, kind: type[ReconcileError], words: str
) -> None:
    world = World()
    world.cloud.use(FailAt(call, lambda: translate(status, details, "working")))
    if call.startswith("list_"):  # of what was never asked for nothing is looked for
        assert isinstance(await world.run_pass(), Again)
    if call == "list_servers":
        world.restart()
    assert isinstance(await world.run_pass(), kind)
    condition = ready_of(world)
    assert (condition.status, condition.code) == (ConditionStatus.FALSE, code)
    assert words in condition.message
    ended = await world.settle()
    assert isinstance(ended.result, Settled)
    assert ready_of(world).is_true
    assert len(world.cloud.servers) == 2


@pytest.mark.parametrize(
    "call", ["create_network", "create_subnet", "create_router", "add_router_interface", "create_security_group",
             "create_rules", "create_server_group", "create_port", "create_server", "create_floating_ip"]
)  # fmt: skip
async def test_an_answer_that_is_lost_does_not_make_a_thing_twice(call: str) -> None:
    world = World()
    world.cloud.use(FailAt(call, lambda: translate(None, "Connection aborted", "working"), after=True))
    assert isinstance(await world.run_pass(), TransientError)
    await world.settle()
    walked = World()
    await walked.settle()
    assert len(world.cloud.everything()) == len(walked.cloud.everything())


@pytest.mark.parametrize(
    "call", ["delete_server", "delete_port", "delete_network", "list_servers", "delete_floating_ip"]
)
@pytest.mark.parametrize("status", [404, 409, 429, 500, 503, None])
async def test_a_delete_goes_on_when_the_cause_is_gone(call: str, status: int | None) -> None:
    world = World()
    await world.settle()
    world.delete()
    world.cloud.use(FailAt(call, lambda: translate(status, "as it is", "deleting")))
    while not isinstance((ended := await world.settle()).result, Absent):
        world.cloud.clock.advance(timedelta(minutes=5))
    assert isinstance(ended.result, Absent)
    if status != 404:  # a cloud that lies about what it has leaves it standing
        assert world.cloud.everything() == []


async def test_a_quota_that_is_too_small_is_told_with_numbers_and_nothing_is_made() -> None:
    world = World(FakeCloud(limits={QuotaResource.FLOATING_IPS: 1}), desired(workers=2, worker_floating_ips=True))
    ended = await world.settle()
    assert isinstance(ended.result, TerminalError)
    assert world.cloud.everything() == []
    condition = ready_of(world)
    assert condition.code is ErrorCode.QUOTA_EXCEEDED
    assert condition.user_fixable
    assert condition.message.startswith("2 floating IPs missing: quota 1, used 0. Nothing was made")
    world.cloud.limits = {}
    assert isinstance((await world.settle()).result, Settled)


async def test_an_early_answer_about_quotas_refuses_nobody() -> None:
    world = World(LateQuotaCloud(limits={QuotaResource.INSTANCES: 2}))
    assert isinstance((await world.settle()).result, Settled)
    assert world.cloud.inside.script.calls.count("compute_quotas") == 2


async def test_what_stands_already_is_not_counted_as_need() -> None:
    world = World()
    await world.settle()
    limits = {QuotaResource.INSTANCES: 2, QuotaResource.PORTS: 3, QuotaResource.CORES: 2}
    world.cloud.limits = limits
    assert isinstance((await world.settle()).result, Settled)
    world.want(desired(workers=2))
    await world.settle()
    message = ready_of(world).message
    assert "1 server missing: quota 2, used 2" in message
    assert "1 core missing: quota 2, used 2" in message
    assert "Nothing was made" not in message


@pytest.mark.parametrize("missing", ["flavors", "images"])
async def test_a_flavor_or_image_that_is_missing_is_named(missing: str) -> None:
    world = World()
    table = dict(getattr(world.cloud, missing))
    getattr(world.cloud, missing).clear()
    ended = await world.settle()
    assert isinstance(ended.result, TerminalError)
    assert ready_of(world).code is ErrorCode.CONFIGURATION_PROBLEM
    assert next(iter(table)) in ready_of(world).message
    assert world.cloud.everything() == []
    getattr(world.cloud, missing).update(table)
    assert isinstance((await world.settle()).result, Settled)


async def test_a_server_in_error_is_reported_with_its_fault_and_replaced() -> None:
    world = World(ErrorServerCloud(failing=1))
    for _ in range(4):
        result = await world.run_pass()
        if isinstance(result, Again):
            world.cloud.clock.advance(timedelta(seconds=2))
    broken = next(machine for machine in world.observed.machines if machine.state is MachineState.ERROR)
    assert "No valid host was found" in broken.evidence
    assert "network is unreachable" in broken.evidence
    assert "No valid host was found" in ready_of(world).message
    key = broken.host_public_key
    ended = await world.settle()
    assert isinstance(ended.result, Settled)
    again = next(machine for machine in world.observed.machines if machine.name == broken.name)
    assert again.host_public_key != key
    assert again.private_address == broken.private_address
    assert len(world.cloud.servers) == 2


async def test_a_server_that_always_fails_is_replaced_a_bounded_number_of_times() -> None:
    cloud = ErrorServerCloud(failing=1000)
    world = World(cloud)
    began = world.cloud.clock.now()
    made = 0
    while world.cloud.clock.now() - began < timedelta(hours=1):
        result = await world.run_pass()
        assert isinstance(result, Again)
        world.cloud.clock.advance(result.after)
        made = len(world.cloud.plans)
    assert made < 2 * 20
    assert ready_of(world).code is ErrorCode.RESOURCES_DEPLETED
    cloud.failing = 0
    world.want(world.records.stored.desired.model_copy(update={"retry": 1}))
    assert isinstance((await world.settle()).result, Settled)


async def test_a_server_that_never_becomes_active_is_reported_after_its_time() -> None:
    world = World(NeverActiveCloud())
    began = world.cloud.clock.now()
    while "ServerError" not in world.happenings():
        result = await world.run_pass()
        assert isinstance(result, Again)
        world.cloud.clock.advance(result.after)
    waited = world.cloud.clock.now() - began
    assert timedelta(minutes=10) <= waited < timedelta(minutes=11)
    assert "still BUILD after 10 minutes" in ready_of(world).message


async def test_a_machine_without_ssh_is_reported_with_its_console_log_and_goes_on_when_it_answers() -> None:
    world = World()
    world.probe.answers = False
    while "MachineUnreachable" not in world.happenings():
        result = await world.run_pass()
        assert isinstance(result, Again)
        world.cloud.clock.advance(result.after)
    assert world.observed.initialized, "the installer may try in the meantime"
    condition = ready_of(world)
    assert condition.code is ErrorCode.MACHINE_UNREACHABLE
    assert "port 22" in condition.message
    assert "network is unreachable" in world.observed.machines[0].evidence
    world.probe.answers = True
    assert isinstance((await world.settle()).result, Settled)
    assert world.observed.machines[0].evidence == ""


async def test_no_address_left_is_said_and_passes_when_one_is_free() -> None:
    world = World(DepletedAddressesCloud())
    ended = await world.settle()
    assert isinstance(ended.result, TerminalError)
    assert ready_of(world).code is ErrorCode.RESOURCES_DEPLETED
    assert "No more IP addresses" in ready_of(world).message
    world.cloud.__class__ = FakeCloud
    assert isinstance((await world.settle()).result, Settled)


async def test_a_server_that_appears_late_is_removed_as_a_double() -> None:
    cloud = ForgetfulCloud()
    world = World(cloud)
    assert isinstance(await world.run_pass(), TransientError)
    await world.settle()
    cloud.reveal()
    await world.settle()
    cloud.clock.advance(timedelta(minutes=5))
    await world.settle()
    names = [server.name for server in cloud.servers.values()]
    assert sorted(names) == sorted(machine.name for machine in desired().machines)


async def test_a_delete_waits_for_a_server_whose_answer_was_lost() -> None:
    cloud = ForgetfulCloud()
    world = World(cloud)
    assert isinstance(await world.run_pass(), TransientError)
    world.delete()
    for _ in range(6):
        assert not isinstance(await world.run_pass(), Absent)
        cloud.clock.advance(timedelta(seconds=2))
    cloud.reveal()
    assert isinstance((await world.settle()).result, Absent)
    assert cloud.everything() == []


async def test_a_hiccup_does_not_make_a_ready_cluster_unready() -> None:
    world = World()
    await world.settle()
    world.cloud.use(FailAt("list_servers", lambda: translate(503, "Service unavailable", "listing servers"), times=9))
    assert isinstance(await world.run_pass(), TransientError)
    assert ready_of(world).is_true
    for _ in range(3):
        await world.run_pass()
    assert ready_of(world).status is ConditionStatus.UNKNOWN
    assert world.observed.initialized


async def test_a_revoked_credential_says_what_to_do() -> None:
    world = World()
    await world.settle()
    world.cloud.credentials.clear()
    ended = await world.settle()
    assert isinstance(ended.result, TerminalError)
    assert ready_of(world).code is ErrorCode.UNAUTHENTICATED
    assert "new application credential" in ready_of(world).message
    world.cloud.credentials.add("ac-1")
    assert isinstance((await world.settle()).result, Settled)


@pytest.mark.parametrize("lost", ["revoked in Keystone", "gone from the hub"])
async def test_a_cluster_whose_creator_has_left_is_deleted_by_the_operator(lost: str) -> None:
    world = World()
    await world.settle()
    lose(world, lost)
    world.delete()
    assert isinstance((await world.settle()).result, Absent)
    assert world.cloud.everything() == []


async def test_without_an_operator_a_delete_asks_for_a_new_credential() -> None:
    world = World()
    await world.settle()
    lose(world, "revoked in Keystone")
    world.clouds.has_operator = False
    world.delete()
    ended = await world.settle()
    assert isinstance(ended.result, TerminalError)
    assert deleting_of(world).code is ErrorCode.UNAUTHENTICATED
    assert world.observed.presence is Presence.PRESENT
    world.cloud.credentials.add("ac-1")
    assert isinstance((await world.settle()).result, Absent)


def lose(world: World, lost: str) -> None:
    if lost == "gone from the hub":
        world.clouds.hub_has_credential = False
    else:
        world.cloud.credentials.clear()


async def test_a_credential_revoked_in_the_middle_of_a_delete_does_not_stop_it() -> None:
    world = World()
    await world.settle()
    world.delete()
    revoked: Callable[[], Exception] = lambda: translate(401, "The token is revoked", "listing ports")  # noqa: E731
    world.cloud.use(FailAt("list_ports", revoked))
    world.cloud.credentials.clear()
    world.cloud.credentials.add("ac-1")
    assert isinstance((await world.settle()).result, Absent)
    assert world.cloud.everything() == []


async def test_the_credential_is_left_for_the_hub_to_remove() -> None:
    world = World()
    await world.settle()
    world.delete()
    assert isinstance((await world.settle()).result, Absent)
    assert world.cloud.credentials == {"ac-1"}


async def test_a_foreign_port_in_the_network_is_named_and_the_delete_ends_when_it_is_gone() -> None:
    world = World()
    await world.settle()
    (network,) = world.cloud.networks.values()
    foreign = Port(id="port-foreign", name="mine", network_id=network.id, device_owner="compute:nova", device_id="vm-9")
    put(world.cloud.ports, foreign)
    world.delete()
    ended = await world.settle()
    assert isinstance(ended.result, TerminalError)
    assert deleting_of(world).code is ErrorCode.CLEANUP_CLUSTER_RESOURCES
    assert "port port-foreign of compute:nova vm-9" in deleting_of(world).message
    del world.cloud.ports["port-foreign"]
    assert isinstance((await world.settle()).result, Absent)


async def test_what_only_carries_the_mark_is_not_deleted_but_named() -> None:
    world = World()
    await world.settle()
    await world.cloud.create_network("someone-marked-this", world.records.stored.desired.cluster_id)
    marked = await world.cloud.create_network("someone-marked-this", "brb:cluster=c-0123456789")
    world.delete()
    ended = await world.settle()
    assert isinstance(ended.result, TerminalError)
    assert marked.id in world.cloud.networks
    assert [ref.id for ref in world.observed.remaining] == [marked.id]
    assert "someone-marked-this" in deleting_of(world).message


async def test_the_errors_of_parts_do_not_stop_the_others() -> None:
    world = World()
    world.cloud.use(FailAt("create_router", lambda: translate(500, "boom", "creating a router")))
    await world.run_pass()
    assert len(world.cloud.servers) == 2
    world.cloud.use(Script())
    assert isinstance((await world.settle()).result, Settled)


def test_a_404_is_what_a_delete_takes_for_done() -> None:
    assert isinstance(translate(404, "gone", "deleting"), ResourceGone)
