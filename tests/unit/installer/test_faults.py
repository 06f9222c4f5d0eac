"""What goes wrong has a code and a sentence, delays nobody else, and goes on when its cause is gone."""

import pytest

from brb_shared.contracts.conditions import ConditionType, ErrorCode, find_condition
from fakes.node import (
    FailingKubeadmNode,
    HealthyNode,
    LostWhileJoiningNode,
    MirrorDownNode,
    SlowBootingNode,
    UnreachableNode,
    WrongChecksumNode,
    WrongHostKeyNode,
)
from fakes.node_installation import Installation, desired, machine, node_of


def with_worker(behaviour: type[HealthyNode]) -> Installation:
    installation = Installation()
    installation.machines.append(node_of(machine("w-0"), behaviour))
    installation.want(desired(map(machine, ("cp-0", "w-0", "w-1"))))
    return installation


async def test_a_machine_that_boots_slowly_is_waited_for_without_an_error() -> None:
    installation = with_worker(SlowBootingNode)
    await installation.run()
    assert installation.observed.ready
    assert installation.errors == []


@pytest.mark.parametrize(
    ("behaviour", "code", "words"),
    [
        (UnreachableNode, ErrorCode.MACHINE_UNREACHABLE, "w-0 does not answer on SSH"),
        (WrongHostKeyNode, ErrorCode.HOST_KEY_MISMATCH, "w-0 shows another SSH host key"),
        (LostWhileJoiningNode, ErrorCode.MACHINE_UNREACHABLE, "w-0 does not answer on SSH"),
    ],
)
async def test_a_broken_worker_is_named_and_delays_nobody(
    behaviour: type[HealthyNode], code: ErrorCode, words: str
) -> None:
    installation = with_worker(behaviour)
    await installation.run(rounds=400)
    condition = find_condition(installation.observed.conditions, ConditionType.WORKERS_AVAILABLE)
    assert condition is not None
    assert condition.code is code
    assert words in condition.message
    ready = {node.name for node in installation.observed.nodes if node.ready}
    assert {"cp-0", "w-1"} <= ready
    assert not installation.observed.ready


async def test_a_machine_has_its_time_to_answer_from_when_its_server_is_built() -> None:
    installation = with_worker(UnreachableNode)
    installation.want(desired([machine("cp-0"), machine("w-0", building=True)]))
    await installation.run(rounds=400)
    condition = find_condition(installation.observed.conditions, ConditionType.WORKERS_AVAILABLE)
    assert condition is not None
    assert (condition.is_true, condition.code) == (False, None)
    installation.want(desired([machine("cp-0"), machine("w-0")], generation=2))
    await installation.run(rounds=400)
    condition = find_condition(installation.observed.conditions, ConditionType.WORKERS_AVAILABLE)
    assert condition is not None
    assert condition.code is ErrorCode.MACHINE_UNREACHABLE


@pytest.mark.parametrize("behaviour", [UnreachableNode, WrongHostKeyNode, LostWhileJoiningNode])
async def test_a_replaced_server_heals_what_was_broken(behaviour: type[HealthyNode]) -> None:
    installation = with_worker(behaviour)
    await installation.run(rounds=400)
    healed = [machine("cp-0"), machine("w-0", server=2), machine("w-1")]
    installation.want(desired(healed, generation=2))
    await installation.run()
    assert installation.observed.ready
    assert {node.name: node.server_id for node in installation.observed.nodes}["w-0"] == "server-w-0-2"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (MirrorDownNode, ErrorCode.ARTIFACT_UNAVAILABLE),
        (WrongChecksumNode, ErrorCode.ARTIFACT_CHECKSUM),
        (FailingKubeadmNode, ErrorCode.KUBERNETES_STEP_FAILED),
    ],
)
async def test_a_step_that_fails_for_a_while_is_told_and_tried_again(
    behaviour: type[HealthyNode], code: ErrorCode
) -> None:
    installation = Installation()
    installation.machines.append(node_of(machine("cp-0"), behaviour))
    installation.want(desired([machine("cp-0")]))
    await installation.run()
    assert {error.code for error in installation.errors} == {code}
    assert installation.observed.ready
    told = [condition.code for state in installation.records.published for condition in state.conditions]
    assert code in told


async def test_the_last_lines_of_a_failed_kubeadm_are_in_the_condition() -> None:
    installation = Installation()
    installation.machines.append(node_of(machine("cp-0"), FailingKubeadmNode))
    installation.want(desired([machine("cp-0")]))
    await installation.run()
    assert "the API server is not healthy after 4m0s" in installation.errors[0].message


async def test_a_lost_control_plane_leaves_no_etcd_member_when_it_is_replaced() -> None:
    installation = Installation()
    installation.machines.append(node_of(machine("cp-2"), LostWhileJoiningNode))
    names = ("cp-0", "cp-1", "cp-2")
    installation.want(desired(map(machine, names)))
    await installation.run(rounds=100)
    replaced = [machine("cp-0"), machine("cp-1"), machine("cp-2", server=2)]
    installation.want(desired(replaced, generation=2))
    await installation.run()
    assert installation.observed.ready
    assert installation.apis.cluster is not None
    assert sorted(member.name for member in installation.apis.cluster.members) == list(names)


async def test_a_node_deleted_by_hand_joins_again() -> None:
    installation = Installation()
    installation.want(desired(map(machine, ("cp-0", "w-0"))))
    await installation.run()
    assert installation.apis.cluster is not None
    del installation.apis.cluster.nodes["w-0"]
    installation.machines[1].joined = False
    installation.clock.now = installation.clock.now.replace(hour=1)
    await installation.run()
    assert installation.observed.ready


async def test_the_last_control_plane_does_not_leave() -> None:
    installation = Installation()
    installation.want(desired([machine("cp-0")]))
    await installation.run()
    installation.want(desired([machine("cp-0", leaving=True)], generation=2))
    await installation.run(rounds=3)
    assert installation.observed.left == ()
    assert "last control plane" in installation.errors[0].message
    assert installation.apis.cluster is not None
    assert "cp-0" in installation.apis.cluster.nodes


async def test_an_api_that_does_not_answer_is_told_and_seen_again() -> None:
    installation = Installation()
    installation.want(desired([machine("cp-0")]))
    await installation.run()
    assert installation.apis.cluster is not None
    installation.apis.cluster.answers = False
    await installation.run(rounds=2)
    condition = find_condition(installation.observed.conditions, ConditionType.CONTROL_PLANE_AVAILABLE)
    assert condition is not None
    assert (condition.is_true, condition.reason) == (False, "ApiUnreachable")
    assert installation.observed.initialized
    installation.apis.cluster.answers = True
    await installation.run()
    assert installation.observed.ready
