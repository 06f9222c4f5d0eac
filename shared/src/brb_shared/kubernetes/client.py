"""A cluster's API over kubernetes_asyncio. Its transport is used with plain JSON: the adapter stays small, and fields
that the client's models do not know yet are not lost.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from kubernetes_asyncio.client import ApiClient, ApiException, Configuration

from brb_shared.contracts.ids import ClusterId
from brb_shared.kubernetes.access import ClusterAccess
from brb_shared.kubernetes.errors import ClusterRefused, ClusterUnreachable

Document = dict[str, Any]

_TIMEOUT_SECONDS = 10.0
_NOT_FOUND = 404


class ClusterClients:
    """One open client per cluster and access, kept."""

    def __init__(self) -> None:
        self._clients: dict[ClusterId, tuple[ClusterAccess, ApiClient]] = {}
        self._outdated: list[ApiClient] = []

    def of(self, cluster_id: ClusterId, access: ClusterAccess, field_manager: str) -> "ClusterClient":
        known = self._clients.get(cluster_id)
        if known is None or known[0] != access:
            if known is not None:
                self._outdated.append(known[1])
            known = (access, _open(access))
            self._clients[cluster_id] = known
        return ClusterClient(access.server, known[1], field_manager)

    async def forget(self, cluster_id: ClusterId) -> None:
        known = self._clients.pop(cluster_id, None)
        if known is not None:
            await known[1].close()

    async def close(self) -> None:
        for cluster_id in list(self._clients):
            await self.forget(cluster_id)
        for client in self._outdated:
            await client.close()


def _open(access: ClusterAccess) -> ApiClient:
    """The client reads its key from files while it is made; they are gone before it is used."""
    with TemporaryDirectory(prefix="brb-cluster-") as folder:
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


class ClusterClient:
    """Every method may raise ClusterUnreachable or ClusterRefused."""

    def __init__(self, server: str, client: ApiClient, field_manager: str) -> None:
        self._server = server
        self._client = client
        self._field_manager = field_manager
        self._plurals: dict[tuple[str, str], tuple[str, bool]] = {}

    async def apply(self, documents: Sequence[Document]) -> None:
        """Server-side apply, in order, taking over fields that others have set."""
        for document in documents:
            path = await self.path_of(document)
            query = {"fieldManager": self._field_manager, "force": "true"}
            await self.request("PATCH", path, document, "application/apply-patch+yaml", query=query)

    async def path_of(self, document: Document) -> str:
        """The object's path, by the API's own discovery of its kind."""
        api_version, kind, metadata = document["apiVersion"], document["kind"], document["metadata"]
        if (api_version, kind) not in self._plurals:
            await self._discover(api_version)
        if (api_version, kind) not in self._plurals:
            raise ClusterRefused(_NOT_FOUND, f"the cluster has no kind {kind} in {api_version}")
        plural, namespaced = self._plurals[api_version, kind]
        namespace = f"/namespaces/{metadata.get('namespace', 'default')}" if namespaced else ""
        return f"{_group_path(api_version)}{namespace}/{plural}/{metadata['name']}"

    async def request(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        content_type: str = "application/json",
        *,
        query: dict[str, str] | None = None,
        missing_ok: bool = False,
    ) -> Document:
        """`missing_ok`: a 404 answers {}."""
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

    async def _discover(self, api_version: str) -> None:
        listed = await self.request("GET", _group_path(api_version))
        for resource in listed["resources"]:
            if "/" not in resource["name"]:
                self._plurals[api_version, resource["kind"]] = (resource["name"], resource["namespaced"])


def _group_path(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _message(error: ApiException) -> str:
    """The sentence of Kubernetes' Status object, if that is what came."""
    try:
        status: Any = json.loads(error.body or "")
        return str(status["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)
