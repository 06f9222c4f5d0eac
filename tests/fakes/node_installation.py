"""The installer's passes on a fake world, run until nothing is left to do; killed and started again on the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from brb_installer.models import WorkRow
from brb_installer.reconcile import InstallerReconciler
from brb_installer.settings import Settings
from brb_installer.tools import Tools
from brb_shared.clouds import Cloud
from brb_shared.contracts.desired import MachineRole, Presence
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesMachine, KubernetesObserved
from brb_shared.hub import CloudCredential
from brb_shared.reconcile import Absent, Again, Lease, ReconcileError, Result, Settled
from brb_shared.secrets import Keyring
from fakes.node import FakeNodes, HealthyNode
from fakes.node_cluster import FakeClusterApis
from fakes.node_records import FakeRecords
from fakes.node_world import Clock, Killed, Switch

CLUSTER_ID = ClusterId("c-0123456789")
CLOUD_ID = CloudId("sandbox")
VERSION = "1.36.3"
_FAILED_PAUSE = timedelta(seconds=30)


def machine(name: str, *, server: int = 1, **changes: Any) -> KubernetesMachine:
    """`cp-0` is a control plane with a floating IP, `w-0` a worker without one."""
    is_control_plane = name.startswith("cp")
    number = int(name.rpartition("-")[2]) + (10 if is_control_plane else 20)
    spec = KubernetesMachine(
        name=name,
        role=MachineRole.CONTROL_PLANE if is_control_plane else MachineRole.WORKER,
        server_id=f"server-{name}-{server}",
        private_address=f"10.6.0.{number}",
        floating_address=f"203.0.113.{number}" if is_control_plane else None,
        host_public_key=f"ssh-ed25519 {name}-{server}",
    )
    return spec.model_copy(update=changes)


def desired(machines: Iterable[KubernetesMachine], *, generation: int = 1, **changes: Any) -> KubernetesDesired:
    state = KubernetesDesired(
        cluster_id=CLUSTER_ID,
        cluster_name="demo",
        generation=generation,
        presence=Presence.PRESENT,
        cloud=CLOUD_ID,
        credential_id=CredentialId("cr-0123456789"),
        kubernetes_version=VERSION,
        pod_cidr="10.244.0.0/16",
        service_cidr="10.96.0.0/12",
        api_external_host="203.0.113.10",
        api_internal_host="10.6.0.10",
        network_id="network-1",
        subnet_id="subnet-1",
        floating_network_id="public-1",
        machines=tuple(machines),
    )
    return state.model_copy(update=changes)


class OneCredential:
    """Implements `Credentials`."""

    async def credential(self, credential_id: CredentialId) -> CloudCredential:
        return CloudCredential(
            credential_id=credential_id,
            cloud=CLOUD_ID,
            name="brb-c-0123456789",
            project_id="project-1",
            user_id="user-1",
            application_credential_id="application-credential-1",
            application_credential_secret=SecretStr("canary-application-credential"),
        )


class UpstreamManifests:
    """Implements `Manifests` with the parts of upstream's files that we change."""

    async def fetch(self, url: str) -> tuple[dict[str, Any], ...]:
        if url.endswith("kube-flannel.yml"):
            containers = [{"name": "kube-flannel", "image": "ghcr.io/flannel-io/flannel:v0"}]
            config = {"net-conf.json": '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}'}
            return (
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-flannel-cfg"}, "data": config},
                _daemon_set("kube-flannel-ds", {"containers": containers}),
            )
        if url.endswith("controller-manager-ds.yaml"):
            env: list[dict[str, str]] = [{"name": "CLUSTER_NAME", "value": "kubernetes"}]
            container = {
                "name": "openstack-cloud-controller-manager",
                "image": "registry.k8s.io/provider-os/openstack-cloud-controller-manager:v1.36.0",
                "env": env,
            }
            return (_daemon_set("openstack-cloud-controller-manager", {"containers": [container]}),)
        return ()


def _daemon_set(name: str, pod: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name},
        "spec": {"template": {"spec": pod}},
    }


@dataclass
class Installation:
    """`machines` are the fake servers; `want` is what the hub asks for."""

    machines: list[HealthyNode] = field(default_factory=list)
    switch: Switch = field(default_factory=Switch)
    clock: Clock = field(default_factory=Clock)
    deaths: int = 0
    errors: list[ReconcileError] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.apis = FakeClusterApis(self.switch)
        self.nodes = FakeNodes(self.apis, self.switch, self.machines)
        self.records = FakeRecords(self.switch, self.clock)
        self.tools = Tools(
            settings=Settings(database_url=SecretStr("postgresql+asyncpg://nowhere"), attach_seconds=2.0),
            nodes=self.nodes,
            apis=self.apis,
            keyring=Keyring(keys={"1": b"k" * 32}, newest="1"),
            credentials=OneCredential(),
            manifests=UpstreamManifests(),
            clouds={CLOUD_ID: Cloud(display_name="Sandbox", auth_url="https://keystone.example/v3", lb_provider="ovn")},
            now=self.clock,
        )

    @property
    def observed(self) -> KubernetesObserved:
        return self.records.published[-1]

    def want(self, state: KubernetesDesired) -> None:
        """Servers that are listed and not there yet are healthy ones; servers not listed any more are gone."""
        self.records.want(state)
        listed = {spec.server_id: spec for spec in state.machines}
        self.machines[:] = [machine for machine in self.machines if machine.server_id in listed]
        known = {machine.server_id for machine in self.machines}
        self.machines += [node_of(spec) for server_id, spec in listed.items() if server_id not in known]

    async def run(self, *, rounds: int = 80) -> None:
        """Passes of the cluster and of each machine, over and over, until all are settled or the rounds are over."""
        for _ in range(rounds):
            results = [await self._pass(key) for key in self._keys()]
            self.clock.pass_time(timedelta(seconds=1))
            if all(isinstance(result, Settled | Absent) for result in results):
                return

    def _keys(self) -> list[str]:
        assert self.records.cluster is not None
        names = [spec.name for spec in self.records.cluster.desired.machines]
        return [CLUSTER_ID, *(f"{CLUSTER_ID}/{name}" for name in names)]

    async def _pass(self, key: str) -> Result | None:
        reconciler = InstallerReconciler(self.tools, lambda _cluster_id, _lease: self.records)
        lease = Lease(key=key, token=1, wakes=0, failures=0, model=WorkRow)
        try:
            return await self._reconcile(reconciler, key, lease)
        except Killed:
            self.deaths += 1
            return Again(timedelta(), "Killed")

    async def _reconcile(self, reconciler: InstallerReconciler, key: str, lease: Lease) -> Result:
        """As the loop does: an error is reported and backed off from."""
        try:
            return await reconciler.reconcile(key, lease)
        except ReconcileError as error:
            self.errors.append(error)
            await reconciler.report(key, lease, error, failures=1)
            self.clock.pass_time(_FAILED_PAUSE)
            return Again(timedelta(), error.code)


def node_of(spec: KubernetesMachine, behaviour: type[HealthyNode] = HealthyNode) -> HealthyNode:
    return behaviour(spec.name, spec.server_id, spec.private_address, spec.host_public_key)
