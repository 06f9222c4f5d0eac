"""Machines in memory that keep the contract of our scripts: what each one changes, when it is started once, twice, or
after something was left half-done. Classes are named by how they behave.
"""

import json
from dataclasses import dataclass, field

import yaml

from brb_installer.errors import HostKeyMismatch, MachineUnreachable, NodeBusy, StepFailed
from brb_installer.scripts import Script, ScriptName
from brb_installer.ssh.node import INTERRUPTED, Node, RunState, Target
from fakes.node_certificates import admin_kubeconfig
from fakes.node_cluster import FakeCluster, FakeClusterApis
from fakes.node_world import Switch

LONG_SCRIPTS = {ScriptName.PREPARE, ScriptName.INIT, ScriptName.JOIN, ScriptName.RESET}


@dataclass
class FakeRun:
    script: Script
    looks_until_done: int = 2
    exit_code: int | None = None
    output: str = ""


@dataclass
class HealthyNode:
    """A server that does what it is told, and remembers it across the installer's deaths."""

    name: str
    server_id: str
    address: str
    host_key: str
    next_host_key: str = ""
    prepared: bool = False
    initialized: bool = False
    joined: bool = False
    half_done: bool = False
    reads_keys: bool = False
    """sshd was told to: it answers no new connection until the next pass."""
    runs: dict[str, FakeRun] = field(default_factory=dict)
    finished: list[ScriptName] = field(default_factory=list)

    def connect(self, target: Target) -> None:
        """Raises what a real connection would."""
        if self.host_key not in target.host_keys:
            raise HostKeyMismatch(self.name)

    def run(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        """What the script does when it comes to its end; its exit code and output."""
        match script.name:
            case ScriptName.PREPARE:
                self.prepared = True
                return 0, "Machine is prepared\n"
            case ScriptName.INIT:
                return self.init(script, apis)
            case ScriptName.JOIN:
                return self.join(script, apis)
            case _:
                return self.reset(apis)

    def init(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        if self.initialized:
            return 0, "kubeadm init was done before\n"
        assert self.prepared, "kubeadm init without kubeadm"
        assert apis.cluster is None, "a second kubeadm init in the life of the cluster"
        documents = list(yaml.safe_load_all(script.files["/etc/brb/init.yaml"]))
        apis.cluster = FakeCluster(version=documents[1]["kubernetesVersion"].removeprefix("v"))
        apis.cluster.add_member(self.name, self.address)
        apis.cluster.add_node(self.name, self.server_id, is_control_plane=True)
        self.initialized = self.joined = True
        self.half_done = False
        return 0, "Your Kubernetes control-plane has initialized successfully!\n"

    def join(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        assert not self.initialized, "a join over a control plane made by init"
        if self.joined:
            return 0, "Joined before\n"
        assert self.prepared, "kubeadm join without kubeadm"
        assert apis.cluster is not None
        self.clear_half_done(apis.cluster)
        config = yaml.safe_load(script.files["/etc/brb/join.yaml"])
        discovery = yaml.safe_load(script.files[config["discovery"]["file"]["kubeConfigPath"]])
        assert discovery["users"][0]["user"]["token"] in apis.cluster.tokens
        if "controlPlane" in config:
            assert config["controlPlane"]["certificateKey"] in apis.cluster.certificate_keys
            apis.cluster.add_member(self.name, self.address)
        apis.cluster.add_node(self.name, self.server_id, is_control_plane="controlPlane" in config)
        apis.cluster.joins.append(self.server_id)
        self.joined = True
        return 0, "This node has joined the cluster\n"

    def reset(self, apis: FakeClusterApis) -> tuple[int, str]:
        if apis.cluster is not None:
            self.clear_half_done(apis.cluster)
        self.initialized = self.joined = self.half_done = False
        return 0, "Machine is reset\n"

    def clear_half_done(self, cluster: FakeCluster) -> None:
        """kubeadm reset takes the machine's own member out of etcd."""
        cluster.members = [member for member in cluster.members if member.peer != self.address]


class UnreachableNode(HealthyNode):
    """Nothing answers on port 22."""

    def connect(self, target: Target) -> None:
        raise MachineUnreachable(self.name, "timed out")


class SlowBootingNode(HealthyNode):
    """Answers at the fourth attempt."""

    attempts = 0

    def connect(self, target: Target) -> None:
        self.attempts += 1
        if self.attempts < 4:
            raise MachineUnreachable(self.name, "connection refused")
        super().connect(target)


class WrongHostKeyNode(HealthyNode):
    """Somebody else answers at the machine's address."""

    def connect(self, target: Target) -> None:
        raise HostKeyMismatch(self.name)


class FailingKubeadmNode(HealthyNode):
    """kubeadm init fails half-way, twice, and works at the third time."""

    failures = 2

    def init(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        if self.failures:
            self.failures -= 1
            self.half_done = True
            return 1, "[wait-control-plane] starting\nerror: the API server is not healthy after 4m0s\n"
        return super().init(script, apis)


class HalfJoinedNode(HealthyNode):
    """The first join dies after etcd has taken the member and the node has registered."""

    failures = 1

    def join(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        if not self.failures:
            return super().join(script, apis)
        self.failures -= 1
        self.half_done = True
        assert apis.cluster is not None
        config = yaml.safe_load(script.files["/etc/brb/join.yaml"])
        if "controlPlane" in config:
            apis.cluster.add_member("", self.address)
        apis.cluster.add_node(self.name, self.server_id, is_control_plane="controlPlane" in config)
        return INTERRUPTED, "[kubelet-start] Starting the kubelet\n"


class LostWhileJoiningNode(HealthyNode):
    """Joins half, and never answers again."""

    lost = False

    def connect(self, target: Target) -> None:
        if self.lost:
            raise MachineUnreachable(self.name, "timed out")
        super().connect(target)

    def join(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        assert apis.cluster is not None
        if "controlPlane" in yaml.safe_load(script.files["/etc/brb/join.yaml"]):
            apis.cluster.add_member(self.name, self.address)
        apis.cluster.add_node(self.name, self.server_id, is_control_plane=False)
        apis.cluster.lost_servers.add(self.server_id)
        self.lost = True
        raise MachineUnreachable(self.name, "connection lost")


class MirrorDownNode(HealthyNode):
    """The mirror does not answer the first time."""

    failures = 1

    def run(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        if script.name is ScriptName.PREPARE and self.failures:
            self.failures -= 1
            return 41, "No answer from http://mirror.example/v1.36.3/bin/linux/amd64/kubelet.sha256\n"
        return super().run(script, apis)


class WrongChecksumNode(HealthyNode):
    """The mirror's file is not what its checksum promises."""

    failures = 1

    def run(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        if script.name is ScriptName.PREPARE and self.failures:
            self.failures -= 1
            return 42, "http://mirror.example/v1.36.3/bin/linux/amd64/kubelet has another SHA-256 than 0123\n"
        return super().run(script, apis)


@dataclass
class FakeNodes:
    """Implements `Nodes`: the machines by their addresses."""

    apis: FakeClusterApis
    switch: Switch
    machines: list[HealthyNode] = field(default_factory=list)

    async def connect(self, target: Target) -> Node:
        if target.jump is not None:
            await self.connect(target.jump)
        with self.switch.call(f"ssh connect {target.machine}"):
            machine = self._machine(target)
            machine.connect(target)
            machine.reads_keys = False
            return FakeNode(machine, self.apis, self.switch)

    async def renew(self, target: Target) -> Node:
        if self._machine(target).reads_keys:
            raise MachineUnreachable(target.machine, "connection refused")
        return await self.connect(target)

    async def forget(self, server_id: str) -> None:
        return None

    def _machine(self, target: Target) -> HealthyNode:
        for machine in self.machines:
            if machine.server_id == target.server_id:
                return machine
        raise MachineUnreachable(target.machine, "no route to host")


class FakeNode:
    """Implements `Node`."""

    def __init__(self, machine: HealthyNode, apis: FakeClusterApis, switch: Switch) -> None:
        self._machine = machine
        self._apis = apis
        self._switch = switch
        self._shown_key = machine.host_key

    @property
    def host_key(self) -> str:
        return self._shown_key

    async def ask(self, script: Script) -> str:
        assert script.name not in LONG_SCRIPTS
        script.text()
        with self._switch.call(f"ssh {script.name} on {self._machine.name}"):
            return self._answer(script)

    async def start(self, run_id: str, script: Script, *, wait_seconds: float) -> RunState:
        assert script.name in LONG_SCRIPTS
        script.text()
        with self._switch.call(f"ssh start {script.name} on {self._machine.name}"):
            others = [run for known, run in self._machine.runs.items() if known != run_id]
            if any(run.exit_code is None for run in others):
                raise NodeBusy(self._machine.name)
            return self._look(self._machine.runs.setdefault(run_id, FakeRun(script)), 0)

    async def attach(self, run_id: str, *, offset: int, wait_seconds: float) -> RunState | None:
        with self._switch.call(f"ssh attach on {self._machine.name}"):
            run = self._machine.runs.get(run_id)
            return None if run is None else self._look(run, offset)

    def _look(self, run: FakeRun, offset: int) -> RunState:
        self._go_on(run)
        return RunState(run.exit_code, run.output[offset:], len(run.output))

    def _go_on(self, run: FakeRun) -> None:
        run.looks_until_done -= 1
        if run.looks_until_done == 0:
            run.exit_code, output = self._machine.run(run.script, self._apis)
            run.output += output
            self._machine.finished.append(run.script.name)
        elif run.exit_code is None:
            run.output += f"{run.script.name} goes on\n"

    def _answer(self, script: Script) -> str:
        match script.name:
            case ScriptName.FACTS:
                return "os=debian\nos_version=12\ncontainer=none\ncgroup_version=2\nsys_resource=yes\n"
            case ScriptName.HOST_KEY_NEXT:
                self._machine.next_host_key = self._machine.next_host_key or f"{self._machine.host_key}Next"
                return f"{self._machine.next_host_key} \n"
            case ScriptName.HOST_KEY_USE:
                self._machine.host_key = self._machine.next_host_key or self._machine.host_key
                self._machine.reads_keys = True
                return ""
            case ScriptName.KUBECONFIG if self._machine.initialized:
                return admin_kubeconfig()
            case _:
                return self._answer_for_cluster(script)

    def _answer_for_cluster(self, script: Script) -> str:
        cluster = self._apis.cluster
        if cluster is None or all(member.peer != self._machine.address for member in cluster.members):
            raise StepFailed(self._machine.name, script.name, 1, "etcd does not run here")
        match script.name:
            case ScriptName.UPLOAD_CERTIFICATES:
                cluster.certificate_keys.add(script.variables["CERTIFICATE_KEY"])
                return ""
            case ScriptName.ETCD_MEMBERS:
                members = [
                    {"ID": member.id, "name": member.name, "peerURLs": [f"https://{member.peer}:2380"]}
                    for member in cluster.members
                ]
                return json.dumps({"members": members})
            case ScriptName.ETCD_REMOVE:
                cluster.remove_member(int(script.variables["MEMBER_ID"], 16))
                return ""
            case _:
                raise AssertionError(f"nobody knows {script.name}")
