"""A cluster as its API and its etcd show it, in memory."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from brb_installer.kubernetes.cluster_api import ClusterNode, PodRef
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.kubernetes import Taint
from brb_shared.kubernetes.access import ClusterAccess
from brb_shared.kubernetes.errors import ClusterUnreachable
from fakes.node_certificates import CA_CERTIFICATE
from fakes.node_world import Switch

Document = dict[str, Any]


@dataclass
class EtcdEntry:
    id: int
    name: str
    peer: str


@dataclass
class FakeCluster:
    """What `kubeadm init` makes. It objects to what a real cluster would suffer from."""

    version: str
    nodes: dict[str, ClusterNode] = field(default_factory=dict)
    members: list[EtcdEntry] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    certificate_keys: set[str] = field(default_factory=set)
    applied: dict[tuple[str, str], Document] = field(default_factory=dict)
    pods: dict[str, list[PodRef]] = field(default_factory=dict)
    protected_pods: set[PodRef] = field(default_factory=set)
    early_pods: dict[str, list[PodRef]] = field(default_factory=dict)
    joins: list[str] = field(default_factory=list)
    forced_pods: list[PodRef] = field(default_factory=list)
    lost_servers: set[str | None] = field(default_factory=set)
    answers: bool = True
    _next_id: int = 0xA000000000000001

    def add_member(self, name: str, peer: str) -> None:
        stale = [member for member in self.members if member.name == name or member.peer == peer]
        assert not stale, f"{name} would be a second etcd member beside {stale}"
        self.members.append(EtcdEntry(self._next_id, name, peer))
        self._next_id += 1

    def remove_member(self, member_id: int) -> None:
        assert len(self.members) > 1, "the last etcd member was removed"
        self.members = [member for member in self.members if member.id != member_id]

    def add_node(self, name: str, server_id: str, *, is_control_plane: bool) -> None:
        known = self.nodes.get(name)
        assert known is None or known.server_id == server_id, f"{name} joined over the node of another server"
        if known is None:
            self.nodes[name] = new_node(name, server_id, self.version, is_control_plane=is_control_plane)

    def is_up(self, node: ClusterNode) -> bool:
        return self.has_network and node.server_id not in self.lost_servers and not self.early_pods.get(node.name)

    @property
    def has_network(self) -> bool:
        return ("DaemonSet", "kube-flannel-ds") in self.applied

    @property
    def has_cloud_controller(self) -> bool:
        return ("DaemonSet", "openstack-cloud-controller-manager") in self.applied


def new_node(name: str, server_id: str, version: str, *, is_control_plane: bool = False) -> ClusterNode:
    return ClusterNode(
        name=name,
        uid=f"uid-{name}-{server_id}",
        resource_version="1",
        server_id=server_id,
        is_control_plane=is_control_plane,
        version=version,
        ready=False,
        cloud_initialized=False,
    )


class FakeClusterApi:
    """Implements `ClusterApi`."""

    def __init__(self, cluster: FakeCluster | None, switch: Switch) -> None:
        self._cluster_or_none = cluster
        self._switch = switch

    @property
    def _cluster(self) -> FakeCluster:
        if self._cluster_or_none is None or not self._cluster_or_none.answers:
            raise ClusterUnreachable("https://api.example:6443", "connection refused")
        return self._cluster_or_none

    async def version(self) -> str:
        with self._switch.call("api version"):
            return self._cluster.version

    async def nodes(self) -> tuple[ClusterNode, ...]:
        with self._switch.call("api nodes"):
            cluster = self._cluster
            return tuple(
                replace(node, ready=cluster.is_up(node), cloud_initialized=cluster.has_cloud_controller)
                for node in cluster.nodes.values()
            )

    async def patch_node(self, name: str, patch: Document) -> None:
        with self._switch.call(f"api patch node {name}"):
            node = self._cluster.nodes.get(name)
            if node is not None:
                self._cluster.nodes[name] = merge_patched(node, patch)

    async def delete_node(self, name: str, uid: str) -> None:
        with self._switch.call(f"api delete node {name}"):
            node = self._cluster.nodes.get(name)
            if node is not None and node.uid == uid:
                del self._cluster.nodes[name]

    async def evictable_pods(self, node: str) -> tuple[PodRef, ...]:
        with self._switch.call(f"api pods of {node}"):
            return tuple(self._cluster.pods.get(node, ()))

    async def evict(self, pod: PodRef) -> bool:
        with self._switch.call(f"api evict {pod.name}"):
            if pod in self._cluster.protected_pods:
                return False
            self._remove(pod)
            return True

    async def delete_pod(self, pod: PodRef) -> None:
        with self._switch.call(f"api delete pod {pod.name}"):
            self._cluster.forced_pods.append(pod)
            self._remove(pod)

    async def early_pods(self, node: str) -> tuple[PodRef, ...]:
        with self._switch.call(f"api early pods of {node}"):
            return tuple(self._cluster.early_pods.get(node, ()))

    async def touch_pod(self, pod: PodRef, at: datetime) -> None:
        with self._switch.call(f"api touch {pod.name}"):
            self._cluster.early_pods = {
                node: [other for other in pods if other != pod] for node, pods in self._cluster.early_pods.items()
            }

    async def apply(self, documents: Sequence[Document]) -> None:
        with self._switch.call("api apply"):
            for document in documents:
                self._cluster.applied[document["kind"], document["metadata"]["name"]] = document

    async def create_bootstrap_token(self, token: str, expires_at: datetime) -> None:
        with self._switch.call("api create token"):
            self._cluster.tokens.add(token)

    async def sign_client_certificate(self, name: str, request_pem: bytes, valid_seconds: int) -> bytes:
        with self._switch.call("api sign"):
            return b"signed:" + base64.b64encode(request_pem)

    def _remove(self, pod: PodRef) -> None:
        for pods in self._cluster.pods.values():
            if pod in pods:
                pods.remove(pod)


@dataclass
class FakeClusterApis:
    """Implements `ClusterApis`: the cluster that the given access belongs to."""

    switch: Switch
    cluster: FakeCluster | None = None

    def of(self, cluster_id: ClusterId, access: ClusterAccess) -> FakeClusterApi:
        assert access.ca_certificate == CA_CERTIFICATE
        return FakeClusterApi(self.cluster, self.switch)

    async def forget(self, cluster_id: ClusterId) -> None:
        return None


def merge_patched(node: ClusterNode, patch: Document) -> ClusterNode:
    """JSON merge patch, as far as the installer uses it."""
    metadata, spec = patch.get("metadata", {}), patch.get("spec", {})
    labels = {**node.labels, **metadata.get("labels", {})}
    taints = node.taints if "taints" not in spec else tuple(Taint.model_validate(taint) for taint in spec["taints"])
    return replace(
        node,
        labels={key: value for key, value in labels.items() if value is not None},
        annotations={**node.annotations, **metadata.get("annotations", {})},
        taints=taints,
        unschedulable=spec.get("unschedulable", node.unschedulable),
    )
