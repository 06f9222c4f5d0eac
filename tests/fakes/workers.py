"""Workers that do what the hub asks of them, without a cloud: for tests of the hub and the gateway.

`ObedientProvisioner`, `ObedientInstaller` and `ObedientDns` are pure: give them the newest desired state, get what they
see after one more step. `FakeWorkers` puts one of each for each cluster behind real NATS.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from brb_shared.contracts.base import Contract
from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType
from brb_shared.contracts.desired import Desired, MachineRole, Observed, Presence
from brb_shared.contracts.dns import AppDomain, DnsDesired, DnsObserved
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.infrastructure import (
    DesiredMachine,
    InfrastructureDesired,
    InfrastructureObserved,
    InfrastructureOutputs,
    MachineState,
    ObservedMachine,
    ResourceRef,
)
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesMachine, KubernetesObserved, ObservedNode
from brb_shared.contracts.registry import (
    DNS_DESIRED,
    DNS_OBSERVED,
    INFRASTRUCTURE_DESIRED,
    INFRASTRUCTURE_HAPPENED,
    INFRASTRUCTURE_OBSERVED,
    KUBERNETES_DESIRED,
    KUBERNETES_OBSERVED,
    Kind,
    Service,
)
from brb_shared.messaging import Broker, Subscription

_OUTPUTS = InfrastructureOutputs(
    network_id="net-1",
    subnet_id="sub-1",
    floating_network_id="ext-1",
    api_external_host="198.51.100.7",
    api_internal_host="10.6.0.5",
)


def _condition(type_: ConditionType, true: bool) -> Condition:
    status = ConditionStatus.TRUE if true else ConditionStatus.FALSE
    return Condition(type=type_, status=status, reason="Done" if true else "Working")


class ObedientProvisioner:
    """One machine made or removed at each step."""

    def __init__(self) -> None:
        self.machines: dict[str, ObservedMachine] = {}
        self.made: list[str] = []
        self.removed: list[ResourceRef] = []
        self.credential_id = ""

    def step(self, desired: InfrastructureDesired) -> InfrastructureObserved:
        if desired.presence is Presence.ABSENT:
            return self._remove_one(desired)
        self.credential_id = desired.credential_id
        self._act(desired)
        wanted = {machine.name for machine in desired.machines}
        return self._seen(desired, ready=wanted == set(self.machines))

    def is_settled(self, desired: InfrastructureDesired) -> bool:
        if desired.presence is Presence.ABSENT:
            return not self.machines
        return {machine.name for machine in desired.machines} == set(self.machines)

    def _act(self, desired: InfrastructureDesired) -> None:
        wanted = {machine.name: machine for machine in desired.machines}
        missing = [machine for name, machine in wanted.items() if name not in self.machines]
        surplus = [name for name in self.machines if name not in wanted]
        if missing:
            self._make(desired, missing[0])
        elif surplus:
            self._take(surplus[0])

    def _make(self, desired: InfrastructureDesired, machine: DesiredMachine) -> None:
        self.made.append(machine.name)
        role = next(pool.role for pool in desired.pools if pool.name == machine.pool)
        number = len(self.made)
        self.machines[machine.name] = ObservedMachine(
            name=machine.name,
            pool=machine.pool,
            role=role,
            state=MachineState.ACTIVE,
            server_id=f"server-{machine.name}",
            private_address=f"10.6.0.{number + 10}",
            floating_address=f"198.51.100.{number + 10}",
            host_public_key="ssh-ed25519 AAAA",
        )

    def _take(self, name: str) -> None:
        del self.machines[name]
        self.removed.append(ResourceRef(type="server", id=f"server-{name}", name=name))

    def _remove_one(self, desired: InfrastructureDesired) -> InfrastructureObserved:
        if self.machines:
            self._take(next(iter(self.machines)))
        return self._seen(desired, ready=False)

    def _seen(self, desired: InfrastructureDesired, *, ready: bool) -> InfrastructureObserved:
        gone = desired.presence is Presence.ABSENT and not self.machines
        return InfrastructureObserved(
            cluster_id=desired.cluster_id,
            observed_generation=desired.generation,
            presence=Presence.ABSENT if gone else Presence.PRESENT,
            initialized=not gone and any(one.role is MachineRole.CONTROL_PLANE for one in self.machines.values()),
            ready=ready,
            conditions=(_condition(ConditionType.INFRASTRUCTURE_READY, ready),),
            outputs=_OUTPUTS,
            machines=tuple(self.machines.values()),
            made=tuple(ResourceRef(type="server", id=f"server-{name}", name=name) for name in self.machines),
            removed=tuple(self.removed),
        )


class ObedientInstaller:
    """One node joined, drained or taken out at each step."""

    def __init__(self) -> None:
        self.nodes: dict[str, KubernetesMachine] = {}
        self.left: list[str] = []
        self.joined: list[str] = []
        self.initialized = False

    def step(self, desired: KubernetesDesired) -> KubernetesObserved:
        if desired.presence is Presence.ABSENT:
            self.nodes.clear()
            return self._seen(desired, ready=False)
        self._act(desired)
        return self._seen(desired, ready=self.is_settled(desired))

    def is_settled(self, desired: KubernetesDesired) -> bool:
        if desired.presence is Presence.ABSENT:
            return not self.nodes
        staying = {machine.name for machine in desired.machines if not machine.leaving}
        leaving = {machine.name for machine in desired.machines if machine.leaving}
        return staying == set(self.nodes) and leaving == set(self.left)

    def _act(self, desired: KubernetesDesired) -> None:
        listed = {machine.name: machine for machine in desired.machines}
        self.left = [name for name in self.left if name in listed and listed[name].leaving]
        for machine in desired.machines:
            if machine.leaving and machine.name not in self.left:
                self.nodes.pop(machine.name, None)
                self.left.append(machine.name)
                return
            if not machine.leaving and machine.name not in self.nodes:
                self._join(machine)
                return
        for name in [name for name in self.nodes if name not in listed]:
            del self.nodes[name]

    def _join(self, machine: KubernetesMachine) -> None:
        self.nodes[machine.name] = machine
        self.joined.append(machine.name)
        self.initialized = True

    def _seen(self, desired: KubernetesDesired, *, ready: bool) -> KubernetesObserved:
        gone = desired.presence is Presence.ABSENT and not self.nodes
        workers = [node for node in self.nodes.values() if node.role is MachineRole.WORKER]
        return KubernetesObserved(
            cluster_id=desired.cluster_id,
            observed_generation=desired.generation,
            presence=Presence.ABSENT if gone else Presence.PRESENT,
            initialized=self.initialized and not gone,
            ready=ready,
            conditions=(
                _condition(ConditionType.KUBERNETES_INITIALIZED, self.initialized),
                _condition(ConditionType.CONTROL_PLANE_AVAILABLE, self.initialized),
                _condition(ConditionType.WORKERS_AVAILABLE, ready or bool(workers)),
            ),
            kubernetes_version=desired.kubernetes_version if self.initialized else None,
            nodes=tuple(
                ObservedNode(
                    name=node.name,
                    role=node.role,
                    server_id=node.server_id,
                    version=desired.kubernetes_version,
                    ready=True,
                )
                for node in self.nodes.values()
            ),
            left=tuple(self.left),
        )


class ObedientDns:
    """Claims or lets go of one address at each step."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def step(self, desired: DnsDesired) -> DnsObserved:
        wanted = self._wanted(desired)
        surplus = [address for address in self.addresses if address not in wanted]
        missing = [address for address in wanted if address not in self.addresses]
        if surplus:
            self.addresses.remove(surplus[0])
        elif missing:
            self.addresses.append(missing[0])
        return self._seen(desired)

    def is_settled(self, desired: DnsDesired) -> bool:
        return set(self.addresses) == set(self._wanted(desired))

    def _wanted(self, desired: DnsDesired) -> tuple[str, ...]:
        return desired.addresses if desired.presence is Presence.PRESENT else ()

    def _seen(self, desired: DnsDesired) -> DnsObserved:
        gone = desired.presence is Presence.ABSENT and not self.addresses
        ready = desired.presence is Presence.PRESENT and self.is_settled(desired)
        return DnsObserved(
            cluster_id=desired.cluster_id,
            observed_generation=desired.generation,
            presence=Presence.ABSENT if gone else Presence.PRESENT,
            initialized=bool(self.addresses),
            ready=ready,
            conditions=(_condition(ConditionType.DNS_READY, ready),),
            zone="web.example.org",
            app_domains=tuple(
                AppDomain(address=address, domain=f"{desired.project}.{address}.web.example.org")
                for address in self.addresses
            ),
        )


@dataclass
class _Pair:
    provisioner: ObedientProvisioner = field(default_factory=ObedientProvisioner)
    installer: ObedientInstaller = field(default_factory=ObedientInstaller)
    dns: ObedientDns = field(default_factory=ObedientDns)
    revisions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    newest: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class FakeWorkers:
    """One of each on real NATS; every cluster is Ready after as many messages as it has steps."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.pairs: dict[str, _Pair] = defaultdict(_Pair)

    def subscriptions(self) -> list[Subscription]:
        return [
            Subscription(self._broker, INFRASTRUCTURE_DESIRED, Service.PROVISIONER, self._on_infrastructure),
            Subscription(self._broker, KUBERNETES_DESIRED, Service.INSTALLER, self._on_kubernetes),
            Subscription(self._broker, DNS_DESIRED, Service.DNS, self._on_dns),
        ]

    async def _on_infrastructure(self, envelope: Envelope[Any]) -> None:
        pair = self.pairs[envelope.subject]
        if self._is_newer(pair, "infrastructure", envelope):
            await self._work(envelope.data, pair.provisioner, INFRASTRUCTURE_OBSERVED, pair)
            await self._tell(envelope.data)

    async def _on_kubernetes(self, envelope: Envelope[Any]) -> None:
        pair = self.pairs[envelope.subject]
        if self._is_newer(pair, "kubernetes", envelope):
            await self._work(envelope.data, pair.installer, KUBERNETES_OBSERVED, pair)

    async def _on_dns(self, envelope: Envelope[Any]) -> None:
        pair = self.pairs[envelope.subject]
        if self._is_newer(pair, "dns", envelope):
            await self._work(envelope.data, pair.dns, DNS_OBSERVED, pair)

    def _is_newer(self, pair: _Pair, stage: str, envelope: Envelope[Any]) -> bool:
        if envelope.revision <= pair.newest[stage]:
            return False
        pair.newest[stage] = envelope.revision
        return True

    async def _work(self, desired: Any, worker: Any, kind: Kind, pair: _Pair) -> None:
        """Step until all is done, telling what is seen after each."""
        while True:
            seen: Observed = worker.step(desired)
            pair.revisions[kind.name] += 1
            await self._publish(kind, desired, seen, pair.revisions[kind.name])
            if worker.is_settled(desired):
                break
        pair.revisions[kind.name] += 1
        await self._publish(kind, desired, worker.step(desired), pair.revisions[kind.name])

    async def _tell(self, desired: Desired) -> None:
        happened = Happened(
            cluster_id=desired.cluster_id,
            source=Service.PROVISIONER,
            stage="infrastructure",
            reason="MachinesDone",
            message="All machines are as asked",
        )
        await self._publish(INFRASTRUCTURE_HAPPENED, desired, happened, 0)

    async def _publish(self, kind: Kind, desired: Desired, data: Contract, revision: int) -> None:
        envelope = Envelope[Contract](
            source=f"/brb/{kind.writer}",
            type=kind.type,
            subject=desired.cluster_id,
            generation=desired.generation,
            revision=revision,
            data=data,
        )
        body = envelope.model_dump_json(serialize_as_any=True).encode()
        await self._broker.publish(kind.subject(desired.cluster_id), body, envelope.id)
