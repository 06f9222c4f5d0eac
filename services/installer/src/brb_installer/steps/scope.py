"""What a step is given, and what it may end in besides an error."""

from dataclasses import dataclass, field

from brb_installer.cluster import Cluster, Machine
from brb_installer.kubeadm.facts import NodeFacts, parse_facts
from brb_installer.records import Records
from brb_installer.scripts import Script, ScriptName
from brb_installer.ssh.node import Node, Target
from brb_installer.ssh.targets import plan_target
from brb_installer.tools import Tools
from brb_shared.reconcile import Again


@dataclass(frozen=True)
class Done:
    """It is so; the next step may begin."""


DONE = Done()
StepResult = Done | Again


@dataclass(frozen=True)
class ClusterScope:
    cluster: Cluster
    records: Records
    tools: Tools


@dataclass
class MachineScope:
    """One machine's pass; remembers the machine's connection and facts for its length."""

    cluster: Cluster
    machine: Machine
    records: Records
    tools: Tools
    _facts: NodeFacts | None = field(default=None, init=False)

    @property
    def target(self) -> Target:
        return plan_target(self.cluster, self.machine)

    async def node(self) -> Node:
        """Raises MachineUnreachable, HostKeyMismatch."""
        return await self.tools.nodes.connect(self.target)

    async def helper(self) -> Node | None:
        """A control plane other than this machine that works for the cluster; None: there is none."""
        others = [machine for machine in self.cluster.working_control_planes if machine.name != self.machine.name]
        return await self.tools.nodes.connect(plan_target(self.cluster, others[0])) if others else None

    async def facts(self) -> NodeFacts:
        if self._facts is None:
            node = await self.node()
            self._facts = parse_facts(await node.ask(Script(ScriptName.FACTS)))
        return self._facts

    async def refresh(self) -> None:
        """Read again what was recorded meanwhile, by this pass or others."""
        cluster = await self.records.load()
        machine = cluster.machine(self.machine.name) if cluster is not None else None
        if cluster is not None and machine is not None:
            self.cluster, self.machine = cluster, machine
