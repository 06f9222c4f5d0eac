"""A cluster's API over kubernetes_asyncio. Its transport is used with plain JSON: the adapter stays small, and fields
that the client's models do not know yet are not lost.
"""

import asyncio
import base64
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from kubernetes_asyncio.client import ApiClient, ApiException, Configuration

from brb_installer.errors import ClusterRefused, ClusterUnreachable
from brb_installer.kubeconfig import AdminAccess
from brb_installer.kubernetes.certificate_requests import render_approval, render_certificate_request
from brb_installer.kubernetes.cluster_api import ClusterNode, Document, PodRef
from brb_installer.kubernetes.parsing import parse_evictable_pods, parse_node
from brb_installer.kubernetes.tokens import render_bootstrap_token
from brb_shared.contracts.ids import ClusterId

FIELD_MANAGER = "brb-installer"
_TIMEOUT_SECONDS = 10.0
_SIGN_ROUNDS = 50
_SIGN_PAUSE_SECONDS = 0.2
_NOT_FOUND, _CONFLICT, _TOO_MANY_REQUESTS = 404, 409, 429
_REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


class KubernetesApis:
    """Implements `ClusterApis`; one client per cluster and access, kept open."""

    def __init__(self) -> None:
        self._clients: dict[ClusterId, tuple[AdminAccess, ApiClient]] = {}
        self._outdated: list[ApiClient] = []

    def of(self, cluster_id: ClusterId, access: AdminAccess) -> "KubernetesApi":
        known = self._clients.get(cluster_id)
        if known is None or known[0] != access:
            if known is not None:
                self._outdated.append(known[1])
            known = (access, _open(access))
            self._clients[cluster_id] = known
        return KubernetesApi(access.server, known[1])

    async def forget(self, cluster_id: ClusterId) -> None:
        known = self._clients.pop(cluster_id, None)
        if known is not None:
            await known[1].close()

    async def close(self) -> None:
        for cluster_id in list(self._clients):
            await self.forget(cluster_id)
        for client in self._outdated:
            await client.close()


def _open(access: AdminAccess) -> ApiClient:
    """The client reads its key from files while it is made; they are gone before it is used."""
    with TemporaryDirectory(prefix="brb-installer-") as folder:
        configuration = Configuration(host=access.server)
        configuration.ssl_ca_cert = _write(folder, "ca.crt", access.ca_certificate)
        configuration.cert_file = _write(folder, "client.crt", access.client_certificate)
        configuration.key_file = _write(folder, "client.key", access.client_key)
        return ApiClient(configuration)


def _write(folder: str, name: str, content: bytes) -> str:
    path = Path(folder) / name
    path.touch(mode=0o600)
    path.write_bytes(content)
    return str(path)


class KubernetesApi:
    """Implements `ClusterApi`."""

    def __init__(self, server: str, client: ApiClient) -> None:
        self._server = server
        self._client = client
        self._plurals: dict[tuple[str, str], tuple[str, bool]] = {}

    async def version(self) -> str:
        return str((await self._request("GET", "/version"))["gitVersion"]).removeprefix("v")

    async def nodes(self) -> tuple[ClusterNode, ...]:
        listed = await self._request("GET", "/api/v1/nodes")
        return tuple(parse_node(item) for item in listed["items"])

    async def patch_node(self, name: str, patch: Document) -> None:
        await self._request("PATCH", f"/api/v1/nodes/{name}", patch, "application/merge-patch+json", missing_ok=True)

    async def delete_node(self, name: str, uid: str) -> None:
        await self._request("DELETE", f"/api/v1/nodes/{name}", {"preconditions": {"uid": uid}}, missing_ok=True)

    async def evictable_pods(self, node: str) -> tuple[PodRef, ...]:
        listed = await self._request("GET", "/api/v1/pods", query={"fieldSelector": f"spec.nodeName={node}"})
        return parse_evictable_pods(listed["items"])

    async def evict(self, pod: PodRef) -> bool:
        metadata = {"name": pod.name, "namespace": pod.namespace}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        try:
            await self._request("POST", f"{_pod_path(pod)}/eviction", eviction, missing_ok=True)
        except ClusterRefused as refused:
            if refused.status == _TOO_MANY_REQUESTS:
                return False
            raise
        return True

    async def delete_pod(self, pod: PodRef) -> None:
        await self._request("DELETE", _pod_path(pod), {"gracePeriodSeconds": 0}, missing_ok=True)

    async def apply(self, documents: Sequence[Document]) -> None:
        for document in documents:
            path = await self._path_of(document)
            query = {"fieldManager": FIELD_MANAGER, "force": "true"}
            await self._request("PATCH", path, document, "application/apply-patch+yaml", query=query)

    async def create_bootstrap_token(self, token: str, expires_at: datetime) -> None:
        secret = render_bootstrap_token(token, expires_at)
        await self._request("POST", "/api/v1/namespaces/kube-system/secrets", secret)

    async def sign_client_certificate(self, name: str, request_pem: bytes, valid_seconds: int) -> bytes:
        request = render_certificate_request(name, request_pem, valid_seconds)
        created = await self._request("POST", _REQUESTS, request)
        try:
            await self._request("PUT", f"{_REQUESTS}/{name}/approval", render_approval(created))
            return await self._await_certificate(name)
        finally:
            await self._request("DELETE", f"{_REQUESTS}/{name}", missing_ok=True)

    async def _await_certificate(self, name: str) -> bytes:
        for _ in range(_SIGN_ROUNDS):
            status = (await self._request("GET", f"{_REQUESTS}/{name}")).get("status", {})
            if status.get("certificate"):
                return base64.b64decode(status["certificate"])
            await asyncio.sleep(_SIGN_PAUSE_SECONDS)
        raise ClusterRefused(504, "the controller manager has not signed the certificate in time")

    async def _path_of(self, document: Document) -> str:
        """The object's path, by the API's own discovery of its kind."""
        api_version, kind, metadata = document["apiVersion"], document["kind"], document["metadata"]
        if (api_version, kind) not in self._plurals:
            await self._discover(api_version)
        if (api_version, kind) not in self._plurals:
            raise ClusterRefused(_NOT_FOUND, f"the cluster has no kind {kind} in {api_version}")
        plural, namespaced = self._plurals[api_version, kind]
        namespace = f"/namespaces/{metadata.get('namespace', 'default')}" if namespaced else ""
        return f"{_group_path(api_version)}{namespace}/{plural}/{metadata['name']}"

    async def _discover(self, api_version: str) -> None:
        listed = await self._request("GET", _group_path(api_version))
        for resource in listed["resources"]:
            if "/" not in resource["name"]:
                self._plurals[api_version, resource["kind"]] = (resource["name"], resource["namespaced"])

    async def _request(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        content_type: str = "application/json",
        *,
        query: dict[str, str] | None = None,
        missing_ok: bool = False,
    ) -> Document:
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS + 1):
                response = await self._client.rest_client.request(
                    method,
                    self._server + path,
                    query_params=query,
                    headers={"Content-Type": content_type, "Accept": "application/json"},
                    body=body,
                    _request_timeout=_TIMEOUT_SECONDS,
                )
        except ApiException as error:
            if missing_ok and error.status == _NOT_FOUND:
                return {}
            raise ClusterRefused(error.status, _message(error)) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ClusterUnreachable(self._server, str(error) or type(error).__name__) from error
        parsed: Document = json.loads(response.data or b"{}")
        return parsed


def _group_path(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _pod_path(pod: PodRef) -> str:
    return f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}"


def _message(error: ApiException) -> str:
    """The sentence of Kubernetes' Status object, if that is what came."""
    try:
        status: Any = json.loads(error.body or "")
        return str(status["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)
