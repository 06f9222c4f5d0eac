"""What the installer asks of a cluster's API. Steps know only this; `api.py` and the tests' fakes do it.

Every method may raise ClusterUnreachable or ClusterRefused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.kubernetes import Taint
from brb_shared.kubernetes.access import ClusterAccess

Document = dict[str, Any]


@dataclass(frozen=True)
class ClusterNode:
    """A Node object, as far as the installer cares."""

    name: str
    uid: str
    resource_version: str
    server_id: str | None
    """From `spec.providerID`."""
    is_control_plane: bool
    version: str
    """The kubelet's, without the v."""
    ready: bool
    cloud_initialized: bool
    """The cloud controller has taken its taint away: pods may be scheduled."""
    message: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False


@dataclass(frozen=True)
class PodRef:
    namespace: str
    name: str


class ClusterApi(Protocol):
    async def version(self) -> str:
        """The API server's, without the v; proves that it answers."""
        ...

    async def nodes(self) -> tuple[ClusterNode, ...]: ...

    async def patch_node(self, name: str, patch: Document) -> None:
        """A JSON merge patch. A node that is gone is no error."""
        ...

    async def delete_node(self, name: str, uid: str) -> None:
        """Only this very Node object; one that is gone is no error."""
        ...

    async def evictable_pods(self, node: str) -> tuple[PodRef, ...]:
        """The node's pods without those of DaemonSets, static pods and finished ones."""
        ...

    async def evict(self, pod: PodRef) -> bool:
        """False when a disruption budget forbids it for now. A pod that is gone is no error."""
        ...

    async def delete_pod(self, pod: PodRef) -> None: ...

    async def early_pods(self, node: str) -> tuple[PodRef, ...]:
        """The node's pods that its kubelet met before it had read the cluster's Services, and put off."""
        ...

    async def touch_pod(self, pod: PodRef, at: datetime) -> None:
        """Note the time on it: its kubelet looks at it at once. A pod that is gone is no error."""
        ...

    async def apply(self, documents: Sequence[Document]) -> None:
        """Server-side apply, in order, taking over fields that others have set."""
        ...

    async def create_bootstrap_token(self, token: str, expires_at: datetime) -> None: ...

    async def sign_client_certificate(self, name: str, request_pem: bytes, valid_seconds: int) -> bytes:
        """Create, approve and fetch through the CSR API (kubernetes.io/kube-apiserver-client); PEM."""
        ...


class ClusterApis(Protocol):
    def of(self, cluster_id: ClusterId, access: ClusterAccess) -> ClusterApi: ...

    async def forget(self, cluster_id: ClusterId) -> None: ...
