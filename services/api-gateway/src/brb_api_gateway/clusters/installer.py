"""The installer's internal API: kubeconfigs, services' access, and its runs' output.

Calls carry a service token, and the acting user if there is one.
"""

from typing import Any

import httpx
import structlog

from brb_api_gateway.clusters.schemas import RunOutput, RunView
from brb_api_gateway.errors import not_found
from brb_api_gateway.sessions.principal import Principal
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import Service
from brb_shared.http import Problem, ServiceKey
from brb_shared.kubernetes.subjects import group_name

log = structlog.get_logger()


class InstallerClient:
    def __init__(self, client: httpx.AsyncClient, key: ServiceKey) -> None:
        self._client = client
        self._key = key

    async def kubeconfig(self, principal: Principal, cluster_id: ClusterId, expiration_seconds: int) -> str:
        """YAML with a client certificate of the caller's own. Raises Problem 409, 502 or 503."""
        body = {
            "user_id": principal.user_id,
            "groups": [group_name(group) for group in principal.actor.groups],
            "ttl_seconds": min(expiration_seconds, principal.longest_certificate_seconds),
        }
        path = f"/internal/v1/clusters/{cluster_id}/kubeconfigs"
        answer = await self._call("POST", path, principal, json=body)
        return str(answer.json()["kubeconfig"])

    async def service_access(self, service: Service, cluster_id: ClusterId) -> dict[str, Any]:
        """For one of the platform's services; secret. Raises Problem 404, 409, 502 or 503."""
        path = f"/internal/v1/clusters/{cluster_id}/service-accesses"
        answer = await self._call("POST", path, None, json={"service": service.value})
        document: dict[str, Any] = answer.json()
        return document

    async def runs(self, principal: Principal, cluster_id: ClusterId) -> list[RunView]:
        answer = await self._call("GET", f"/internal/v1/clusters/{cluster_id}/runs", principal)
        return [RunView.model_validate(run) for run in answer.json()["items"]]

    async def run(self, principal: Principal, cluster_id: ClusterId, run_id: str) -> RunOutput:
        answer = await self._call("GET", f"/internal/v1/clusters/{cluster_id}/runs/{run_id}", principal)
        return RunOutput.model_validate(answer.json())

    async def close(self) -> None:
        await self._client.aclose()

    async def _call(self, method: str, path: str, principal: Principal | None, **arguments: Any) -> httpx.Response:
        headers = self._key.headers(Service.INSTALLER, principal.user_id if principal else None)
        try:
            answer = await self._client.request(method, path, headers=headers, **arguments)
        except httpx.HTTPError as error:
            detail = "The installer does not answer just now; try again"
            raise Problem(503, "installer_unavailable", detail, headers={"Retry-After": "5"}) from error
        if answer.is_error:
            raise _problem(answer)
        return answer


def _problem(answer: httpx.Response) -> Problem:
    """What the installer says of the cluster is passed on; what it says of us is our fault."""
    document = _document(answer)
    code, detail = str(document.get("code", "installer_failed")), str(document.get("detail", ""))
    match answer.status_code:
        case 404:
            return not_found("run or kubeconfig yet")
        case 409 | 503:
            return Problem(answer.status_code, code, detail or "The cluster's API does not answer; try again")
    log.error("Installer refused", status=answer.status_code, code=code, detail=detail)
    return Problem(502, "installer_failed", detail or "The installer failed; the operator's log says more")


def _document(answer: httpx.Response) -> dict[str, Any]:
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        document: dict[str, Any] = answer.json()
        return document
    return {}
