"""What is asked of a cluster's API: `brb_shared.kubernetes.client` does it, in tests a store of objects."""

from collections.abc import Sequence
from typing import Any, Protocol

from brb_shared.contracts.ids import ClusterId
from brb_shared.kubernetes.access import ClusterAccess

Document = dict[str, Any]


class ClusterApi(Protocol):
    """Every method may raise ClusterUnreachable or ClusterRefused."""

    async def apply(self, documents: Sequence[Document]) -> None: ...

    async def path_of(self, document: Document) -> str: ...

    async def request(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        content_type: str = "application/json",
        *,
        query: dict[str, str] | None = None,
        missing_ok: bool = False,
    ) -> Document: ...


class ClusterApis(Protocol):
    def of(self, cluster_id: ClusterId, access: ClusterAccess, field_manager: str) -> ClusterApi: ...

    async def forget(self, cluster_id: ClusterId) -> None: ...
