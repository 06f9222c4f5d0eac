"""What passes work with: everything outside the installer's own records, behind protocols."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from brb_installer.cluster import Cluster
from brb_installer.kubernetes.cluster_api import ClusterApi, ClusterApis
from brb_installer.settings import Settings
from brb_installer.ssh.node import Nodes
from brb_shared.clouds import Cloud
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId
from brb_shared.hub import CloudCredential
from brb_shared.kubernetes.access import ClusterAccess, from_document, to_document
from brb_shared.secrets import Keyring

Document = dict[str, Any]
_FIELD = "admin_access"


class Credentials(Protocol):
    async def credential(self, credential_id: CredentialId) -> CloudCredential:
        """Raises CredentialGone, TransientError."""
        ...


class Manifests(Protocol):
    async def fetch(self, url: str) -> tuple[Document, ...]:
        """The documents of a manifest in YAML; lists are taken apart. Raises TransientError."""
        ...


@dataclass(frozen=True)
class Tools:
    settings: Settings
    nodes: Nodes
    apis: ClusterApis
    keyring: Keyring
    credentials: Credentials
    manifests: Manifests
    clouds: Mapping[CloudId, Cloud] = field(default_factory=dict)
    addons_digests: dict[ClusterId, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    """What a cluster's addons depend on, and the digest of these addons."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def seal(self, cluster_id: ClusterId, access: ClusterAccess) -> bytes:
        return self.keyring.seal(to_document(access).encode(), tenant=cluster_id, obj=cluster_id, field=_FIELD)

    def admin_access(self, cluster: Cluster) -> ClusterAccess:
        """Raises SealBroken."""
        assert cluster.admin_access is not None  # it is recorded together with the latch
        opened = self.keyring.open(cluster.admin_access, tenant=cluster.id, obj=cluster.id, field=_FIELD)
        return from_document(opened.decode())

    def api(self, cluster: Cluster) -> ClusterApi:
        """The API of an initialized cluster."""
        return self.apis.of(cluster.id, self.admin_access(cluster))
