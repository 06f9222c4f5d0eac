"""Machines and clusters' APIs for many clusters at once, on the tests' fakes. Nothing is counted."""

from collections import defaultdict
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from brb_installer.scripts import Script
from brb_installer.ssh.node import Node, Target
from brb_shared.contracts.ids import ClusterId
from brb_shared.kubernetes.access import ClusterAccess
from fakes.node import FakeNode, HealthyNode
from fakes.node_cluster import FakeCluster, FakeClusterApi, FakeClusterApis
from fakes.node_world import Switch


class _Uncounted(Switch):
    def call(self, name: str) -> Any:
        return nullcontext()


class QuickNode(HealthyNode):
    """Does not read kubeadm's configuration: parsing YAML in Python would be most of what is measured."""

    def init(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        if apis.cluster is None:
            apis.cluster = FakeCluster(version=script.variables.get("KUBERNETES_VERSION", "1.36.3"))
            apis.cluster.add_member(self.name, self.address)
            apis.cluster.add_node(self.name, self.server_id, is_control_plane=True)
        self.initialized = self.joined = True
        return 0, "Your Kubernetes control-plane has initialized successfully!\n"

    def join(self, script: Script, apis: FakeClusterApis) -> tuple[int, str]:
        assert apis.cluster is not None
        apis.cluster.add_node(self.name, self.server_id, is_control_plane=False)
        self.joined = True
        return 0, "This node has joined the cluster\n"


@dataclass
class ManyApis:
    """Implements the installer's `ClusterApis`."""

    clusters: dict[ClusterId, FakeClusterApis] = field(
        default_factory=lambda: defaultdict(lambda: FakeClusterApis(_Uncounted()))
    )

    def of(self, cluster_id: ClusterId, access: ClusterAccess) -> FakeClusterApi:
        return self.clusters[cluster_id].of(cluster_id, access)

    async def forget(self, cluster_id: ClusterId) -> None:
        self.clusters.pop(cluster_id, None)


class ManyNodes:
    """Implements the installer's `Nodes`: a machine is there as soon as it is asked for."""

    def __init__(self, apis: ManyApis) -> None:
        self._apis = apis
        self._machines: dict[tuple[ClusterId, str], HealthyNode] = {}

    async def connect(self, target: Target) -> Node:
        key = (target.cluster_id, target.server_id)
        if key not in self._machines:
            self._machines[key] = QuickNode(target.machine, target.server_id, target.address, target.host_keys[0])
        self._machines[key].connect(target)
        return FakeNode(self._machines[key], self._apis.clusters[target.cluster_id], _Uncounted())

    async def renew(self, target: Target) -> Node:
        return await self.connect(target)

    async def forget(self, server_id: str) -> None:
        """Server ids are those of one project here: what belongs to which cluster is not known."""
        return
