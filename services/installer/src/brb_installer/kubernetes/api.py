"""What the installer asks of a cluster's API, over the shared client."""

import asyncio
import base64
from collections.abc import Sequence
from datetime import datetime

from brb_installer.kubernetes.certificate_requests import render_approval, render_certificate_request
from brb_installer.kubernetes.cluster_api import ClusterNode, Document, PodRef
from brb_installer.kubernetes.parsing import parse_early_pods, parse_evictable_pods, parse_node
from brb_installer.kubernetes.tokens import render_bootstrap_token
from brb_shared.contracts.ids import ClusterId
from brb_shared.kubernetes.access import ClusterAccess
from brb_shared.kubernetes.client import ClusterClient, ClusterClients
from brb_shared.kubernetes.errors import ClusterRefused

FIELD_MANAGER = "brb-installer"
TOUCHED = "bigredbutton/touched-at"
_SIGN_ROUNDS = 50
_SIGN_PAUSE_SECONDS = 0.2
_TOO_MANY_REQUESTS = 429
_REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


class KubernetesApis:
    """Implements `ClusterApis`."""

    def __init__(self) -> None:
        self._clients = ClusterClients()

    def of(self, cluster_id: ClusterId, access: ClusterAccess) -> "KubernetesApi":
        return KubernetesApi(self._clients.of(cluster_id, access, FIELD_MANAGER))

    async def forget(self, cluster_id: ClusterId) -> None:
        await self._clients.forget(cluster_id)

    async def close(self) -> None:
        await self._clients.close()


class KubernetesApi:
    """Implements `ClusterApi`."""

    def __init__(self, client: ClusterClient) -> None:
        self._client = client

    async def version(self) -> str:
        return str((await self._client.request("GET", "/version"))["gitVersion"]).removeprefix("v")

    async def nodes(self) -> tuple[ClusterNode, ...]:
        listed = await self._client.request("GET", "/api/v1/nodes")
        return tuple(parse_node(item) for item in listed["items"])

    async def patch_node(self, name: str, patch: Document) -> None:
        await self._client.request(
            "PATCH", f"/api/v1/nodes/{name}", patch, "application/merge-patch+json", missing_ok=True
        )

    async def delete_node(self, name: str, uid: str) -> None:
        await self._client.request("DELETE", f"/api/v1/nodes/{name}", {"preconditions": {"uid": uid}}, missing_ok=True)

    async def evictable_pods(self, node: str) -> tuple[PodRef, ...]:
        return parse_evictable_pods(await self._pods(node))

    async def evict(self, pod: PodRef) -> bool:
        metadata = {"name": pod.name, "namespace": pod.namespace}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        try:
            await self._client.request("POST", f"{_pod_path(pod)}/eviction", eviction, missing_ok=True)
        except ClusterRefused as refused:
            if refused.status == _TOO_MANY_REQUESTS:
                return False
            raise
        return True

    async def delete_pod(self, pod: PodRef) -> None:
        await self._client.request("DELETE", _pod_path(pod), {"gracePeriodSeconds": 0}, missing_ok=True)

    async def early_pods(self, node: str) -> tuple[PodRef, ...]:
        return parse_early_pods(await self._pods(node))

    async def touch_pod(self, pod: PodRef, at: datetime) -> None:
        patch = {"metadata": {"annotations": {TOUCHED: at.isoformat()}}}
        await self._client.request("PATCH", _pod_path(pod), patch, "application/merge-patch+json", missing_ok=True)

    async def apply(self, documents: Sequence[Document]) -> None:
        await self._client.apply(documents)

    async def create_bootstrap_token(self, token: str, expires_at: datetime) -> None:
        secret = render_bootstrap_token(token, expires_at)
        await self._client.request("POST", "/api/v1/namespaces/kube-system/secrets", secret)

    async def sign_client_certificate(self, name: str, request_pem: bytes, valid_seconds: int) -> bytes:
        request = render_certificate_request(name, request_pem, valid_seconds)
        created = await self._client.request("POST", _REQUESTS, request)
        try:
            await self._client.request("PUT", f"{_REQUESTS}/{name}/approval", render_approval(created))
            return await self._await_certificate(name)
        finally:
            await self._client.request("DELETE", f"{_REQUESTS}/{name}", missing_ok=True)

    async def _pods(self, node: str) -> list[Document]:
        listed = await self._client.request("GET", "/api/v1/pods", query={"fieldSelector": f"spec.nodeName={node}"})
        return list(listed["items"])

    async def _await_certificate(self, name: str) -> bytes:
        for _ in range(_SIGN_ROUNDS):
            status = (await self._client.request("GET", f"{_REQUESTS}/{name}")).get("status", {})
            if status.get("certificate"):
                return base64.b64decode(status["certificate"])
            await asyncio.sleep(_SIGN_PAUSE_SECONDS)
        raise ClusterRefused(504, "the controller manager has not signed the certificate in time")


def _pod_path(pod: PodRef) -> str:
    return f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}"
