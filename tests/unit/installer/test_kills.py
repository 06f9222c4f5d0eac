"""The installer dies before and after every outside call of every step; another one takes over and finishes.

There is one `kubeadm init`, each machine joins once, and nothing stale is left in etcd or among the nodes. The fakes
object by themselves to a second init, a second member and a join over another server's node.
"""

from collections.abc import Awaitable, Callable

import pytest

from fakes.node import HalfJoinedNode
from fakes.node_installation import Installation, desired, machine, node_of

Story = Callable[[Installation], Awaitable[None]]


async def create(installation: Installation) -> None:
    installation.want(desired(map(machine, ("cp-0", "cp-1", "w-0"))))
    await installation.run()


async def create_with_a_half_join(installation: Installation) -> None:
    installation.machines.append(node_of(machine("cp-1"), HalfJoinedNode))
    await create(installation)


async def scale_out(installation: Installation) -> None:
    installation.want(desired(map(machine, ("cp-0", "w-0"))))
    await installation.run()
    installation.want(desired(map(machine, ("cp-0", "w-0", "w-1")), generation=2))
    await installation.run()


async def leave(installation: Installation) -> None:
    await create(installation)
    leaving = [machine("cp-0"), machine("cp-1", leaving=True), machine("w-0", leaving=True)]
    installation.want(desired(leaving, generation=2))
    await installation.run()
    installation.want(desired([machine("cp-0")], generation=3))
    await installation.run()


async def replace_a_control_plane(installation: Installation) -> None:
    await create(installation)
    replaced = [machine("cp-0"), machine("cp-1", server=2), machine("w-0")]
    installation.want(desired(replaced, generation=2))
    await installation.run()


STORIES: tuple[Story, ...] = (create, create_with_a_half_join, scale_out, leave, replace_a_control_plane)


def require_one_of_each(installation: Installation) -> None:
    cluster = installation.apis.cluster
    assert cluster is not None
    assert installation.records.cluster is not None
    assert installation.observed.ready, [error.message for error in installation.errors]
    listed = installation.records.cluster.desired.machines
    assert {node.name: node.server_id for node in cluster.nodes.values()} == {
        spec.name: spec.server_id for spec in listed
    }
    assert sorted(member.name for member in cluster.members) == [
        spec.name for spec in listed if spec.name.startswith("cp")
    ]
    assert len(cluster.joins) == len(set(cluster.joins)), "a server joined twice"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_a_kill_at_any_moment_leaves_one_of_each(story: Story) -> None:
    untouched = Installation()
    await story(untouched)
    require_one_of_each(untouched)
    for moment in range(untouched.switch.moments):
        installation = Installation()
        installation.switch.kill_at = moment
        await story(installation)
        assert installation.deaths == 1
        require_one_of_each(installation)
