"""Real SSH over loopback: who is let in, who is believed, and steps that go on without their caller."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncssh
import pytest

from brb_installer.errors import HostKeyMismatch, MachineUnreachable, NodeBusy, StepFailed
from brb_installer.scripts import Script, ScriptName
from brb_installer.ssh.asyncssh_nodes import AsyncsshNode, AsyncsshNodes, SshSettings
from brb_installer.ssh.certificates import UserCertificates
from brb_installer.ssh.node import RunState
from brb_shared.contracts.ids import ClusterId
from fakes.node_sshd import LoopbackMachine

CLUSTER = ClusterId("c-0123456789")
ANOTHER_CLUSTER = ClusterId("c-9876543210")


@dataclass(frozen=True)
class ShellScript(Script):
    """A script of this test's own words."""

    name: ScriptName = ScriptName.PREPARE
    body: str = field(default="")

    def text(self) -> str:
        return self.body


def says(body: str) -> ShellScript:
    return ShellScript(body=body)


@dataclass
class Network:
    """Two machines of a cluster on one port, each on its own loopback address."""

    first: LoopbackMachine
    second: LoopbackMachine
    nodes: AsyncsshNodes


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    ca = asyncssh.generate_private_key("ssh-ed25519")
    first = LoopbackMachine("127.0.0.1", CLUSTER, ca, tmp_path / "first")
    second = LoopbackMachine("127.0.0.2", CLUSTER, ca, tmp_path / "second")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(first.serve())
        second.port = first.port
        await stack.enter_async_context(second.serve())
        settings = SshSettings(user="brb", port=first.port, connect_timeout_seconds=5, step_timeout_seconds=60)
        nodes = AsyncsshNodes(settings, UserCertificates(ca))
        stack.push_async_callback(nodes.close)
        yield Network(first, second, nodes)


async def test_a_script_is_run_with_its_input_and_answers(network: Network) -> None:
    node = await network.nodes.connect(network.first.target())
    assert await node.ask(says("echo hello; echo $((1 + 1))")) == "hello\n2\n"
    assert network.first.sign_ins == ["brb"]


async def test_a_connection_is_kept_for_the_next_pass(network: Network) -> None:
    for _ in range(3):
        await network.nodes.connect(network.first.target())
    assert len(network.first.sign_ins) == 1


async def test_a_failing_script_is_told_without_its_secrets(network: Network) -> None:
    node = await network.nodes.connect(network.first.target())
    with pytest.raises(StepFailed) as caught:
        await node.ask(says("echo 'bad token abcdef.0123456789abcdef' >&2; exit 3"))
    assert caught.value.exit_code == 3
    assert "bad token [redacted]" in caught.value.message


async def test_a_machine_with_another_host_key_is_sent_nothing(network: Network) -> None:
    expected = network.second.public_key
    with pytest.raises(HostKeyMismatch):
        await network.nodes.connect(network.first.target(host_keys=(expected,)))
    assert network.first.sign_ins == []


async def test_both_keys_are_accepted_while_a_rotation_is_not_seen(network: Network) -> None:
    keys = (network.second.public_key, network.first.public_key)
    node = await network.nodes.connect(network.first.target(host_keys=keys))
    assert node.host_key == network.first.public_key


async def test_a_kept_connection_is_not_used_once_its_key_is_not_accepted_any_more(network: Network) -> None:
    await network.nodes.connect(network.first.target())
    with pytest.raises(HostKeyMismatch):
        await network.nodes.connect(network.first.target(host_keys=(network.second.public_key,)))


async def test_a_renewed_connection_leaves_the_kept_one_open(network: Network) -> None:
    kept = await network.nodes.connect(network.first.target())
    await network.nodes.renew(network.first.target())
    assert await kept.ask(says("echo still here")) == "still here\n"
    assert len(network.first.sign_ins) == 2


async def test_a_certificate_for_another_cluster_opens_nothing(network: Network) -> None:
    network.first.cluster_id = ANOTHER_CLUSTER
    with pytest.raises(MachineUnreachable, match="refuses the platform's certificate"):
        await network.nodes.connect(network.first.target())


async def test_a_certificate_of_another_authority_opens_nothing(network: Network, tmp_path: Path) -> None:
    settings = SshSettings(user="brb", port=network.first.port, connect_timeout_seconds=5, step_timeout_seconds=60)
    stranger = AsyncsshNodes(settings, UserCertificates(asyncssh.generate_private_key("ssh-ed25519")))
    with pytest.raises(MachineUnreachable, match="refuses the platform's certificate"):
        await stranger.connect(network.first.target())


async def test_a_closed_port_is_an_unreachable_machine(network: Network) -> None:
    network.first.address = "127.0.0.3"
    with pytest.raises(MachineUnreachable):
        await network.nodes.connect(network.first.target())


async def test_a_machine_is_reached_through_a_control_plane(network: Network) -> None:
    node = await network.nodes.connect(network.second.target(jump=network.first.target()))
    assert await node.ask(says("echo inside")) == "inside\n"
    assert set(network.first.tunnels) == {"127.0.0.2"}
    assert network.second.sign_ins == ["brb"]


async def test_a_connection_that_died_while_the_network_changed_is_followed_by_another(network: Network) -> None:
    opened: list[asyncio.StreamWriter] = []

    async def swallow_the_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The first only looks whether the port opens."""
        opened.append(writer)
        if len(opened) == 2:
            return
        machine_reader, machine_writer = await asyncio.open_connection(network.first.address, network.first.port)
        await asyncio.gather(_pass_on(reader, machine_writer), _pass_on(machine_reader, writer))

    server = await asyncio.start_server(swallow_the_second, "127.0.0.3", network.first.port)
    async with server:
        node = await network.nodes.connect(replace(network.first.target(), address="127.0.0.3"))
        assert await node.ask(says("echo hello")) == "hello\n"
        assert len(opened) == 3
        await network.nodes.close()
        for writer in opened:
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


async def test_the_host_key_behind_a_jump_host_is_checked_too(network: Network) -> None:
    target = network.second.target(host_keys=(network.first.public_key,), jump=network.first.target())
    with pytest.raises(HostKeyMismatch):
        await network.nodes.connect(target)
    assert network.second.sign_ins == []


async def test_the_jump_hosts_own_key_is_checked(network: Network) -> None:
    jump = network.first.target(host_keys=(network.second.public_key,))
    with pytest.raises(HostKeyMismatch):
        await network.nodes.connect(network.second.target(jump=jump))
    assert network.first.sign_ins == []
    assert network.second.sign_ins == []


async def follow(node: AsyncsshNode, run_id: str) -> RunState:
    state = await node.attach(run_id, offset=0, wait_seconds=10)
    assert state is not None
    return state


async def test_a_step_runs_once_and_is_found_by_its_id(network: Network, tmp_path: Path) -> None:
    node = await network.nodes.connect(network.first.target())
    assert await node.attach("run1", offset=0, wait_seconds=0) is None
    script = says(f"echo once >> {tmp_path}/count; echo done")
    for _ in range(3):
        await node.start("run1", script, wait_seconds=0)
    assert await follow(node, "run1") == RunState(0, "done\n", 5)
    assert (tmp_path / "count").read_text() == "once\n"


async def test_a_start_tells_how_the_step_ended(network: Network) -> None:
    node = await network.nodes.connect(network.first.target())
    for _ in range(2):
        state = await node.start("run1", says("echo done; exit 3"), wait_seconds=10)
        assert state == RunState(3, "done\n", 5)


async def test_only_the_new_output_is_read(network: Network) -> None:
    node = await network.nodes.connect(network.first.target())
    await node.start("run1", says("echo first; echo sécond"), wait_seconds=0)
    await follow(node, "run1")
    state = await node.attach("run1", offset=6, wait_seconds=0)
    assert state == RunState(0, "sécond\n", 14)


async def test_a_failed_step_tells_its_exit_code_and_both_outputs(network: Network) -> None:
    node = await network.nodes.connect(network.first.target())
    await node.start("run1", says("echo out; echo err >&2; exit 42"), wait_seconds=0)
    state = await follow(node, "run1")
    assert (state.exit_code, state.output) == (42, "out\nerr\n")


async def test_a_step_goes_on_when_its_caller_is_gone(network: Network, tmp_path: Path) -> None:
    node = await network.nodes.connect(network.first.target())
    await node.start("run1", says(f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo went on"), wait_seconds=0)
    await network.nodes.forget("server-127.0.0.1")
    (tmp_path / "go").touch()
    again = await network.nodes.connect(network.first.target())
    assert (await follow(again, "run1")).output == "went on\n"


async def test_two_steps_never_run_at_once(network: Network, tmp_path: Path) -> None:
    node = await network.nodes.connect(network.first.target())
    await node.start("run1", says(f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"), wait_seconds=0)
    with pytest.raises(NodeBusy):
        await node.start("run2", says("echo never"), wait_seconds=0)
    (tmp_path / "go").touch()
    await follow(node, "run1")
    await node.start("run2", says("echo now"), wait_seconds=0)
    assert (await follow(node, "run2")).output == "now\n"


async def test_a_step_that_vanished_counts_as_interrupted(network: Network) -> None:
    """A reboot stops the unit; here its stand-in forgets that it is active."""
    node = await network.nodes.connect(network.first.target())
    await node.start("run1", says("sleep 20"), wait_seconds=0)
    (network.first.folder / "active").unlink()
    state = await node.attach("run1", offset=0, wait_seconds=0)
    assert state is not None
    assert state.exit_code == 254
