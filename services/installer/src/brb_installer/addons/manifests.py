"""Upstream's manifests over HTTP, kept for the life of the process: a released file does not change."""

from typing import Any

import httpx
import structlog
import yaml

from brb_shared.contracts.conditions import ErrorCode
from brb_shared.reconcile import TransientError

log = structlog.get_logger()

_TIMEOUT_SECONDS = 20.0
_MAX_BYTES = 2_000_000
Document = dict[str, Any]


class HttpManifests:
    """Implements `Manifests`."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=True)
        self._known: dict[str, tuple[Document, ...]] = {}

    async def fetch(self, url: str) -> tuple[Document, ...]:
        if url not in self._known:
            log.info("Fetching manifest", url=url)
            self._known[url] = parse_manifest(url, await self._get(url))
        return self._known[url]

    async def close(self) -> None:
        await self._client.aclose()

    async def _get(self, url: str) -> str:
        try:
            response = await self._client.get(url)
            response.raise_for_status()
        except httpx.HTTPError as error:
            raise _unavailable(url, str(error) or type(error).__name__) from error
        if len(response.content) > _MAX_BYTES:
            raise _unavailable(url, "it is too large for a manifest")
        return response.text


def parse_manifest(url: str, text: str) -> tuple[Document, ...]:
    """The objects of a manifest; those in lists stand for themselves."""
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
        return tuple(item for document in documents for item in document.get("items", [document]))
    except (yaml.YAMLError, AttributeError) as error:
        raise _unavailable(url, "it is not a Kubernetes manifest") from error


def _unavailable(url: str, why: str) -> TransientError:
    detail = f"The manifest {url} cannot be had: {why}. Check that the installer reaches the artifact mirror"
    return TransientError(ErrorCode.ARTIFACT_UNAVAILABLE, detail)
