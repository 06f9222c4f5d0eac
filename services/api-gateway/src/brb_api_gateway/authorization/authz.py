"""What the gateway tells and asks authz: who owns a new cluster, that one is gone, that access stands in a cluster."""

from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import structlog

from brb_api_gateway.sessions.principal import Principal
from brb_shared.access.decisions import Decision
from brb_shared.access.index import Index
from brb_shared.access.model import Request
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import Service
from brb_shared.http import Problem, ServiceKey
from brb_shared.http.audit import Recorder
from brb_shared.reconcile import TransientError

log = structlog.get_logger()

OWNER_ROLE = "cluster-owner"


class Decisions(Protocol):
    """`brb_shared.authorizer.Authorizer`. All raise Problem 503 while it is not certain who may do what."""

    @property
    def is_current(self) -> bool: ...

    @property
    def index(self) -> Index: ...

    async def check(self, request: Request, *, min_revision: int = 0) -> Decision: ...

    async def require(
        self, request: Request, what: str, *, min_revision: int = 0, recorder: Recorder | None = None
    ) -> Decision:
        """Raises Problem 404 or 403 too; `recorder` hears of the decision."""
        ...


class Authz(Protocol):
    async def put_cluster(self, principal: Principal, cluster_id: ClusterId) -> int:
        """The members of its Keystone project own it; the revision that has it. Idempotent.

        Not its creator by name: whoever leaves the project leaves its clusters.
        """
        ...

    async def remove_cluster(self, cluster_id: ClusterId) -> None:
        """Everything that was given in it is taken back. Idempotent. Raises TransientError."""
        ...

    async def disable_user(self, principal: Principal, user_id: str) -> None:
        """He holds nothing by himself inside the clusters. Idempotent. Raises Problem 503."""
        ...

    async def enable_user(self, principal: Principal, user_id: str) -> None:
        """Idempotent. Raises Problem 503."""
        ...

    async def ensure_in_cluster(self, cluster_id: ClusterId) -> None:
        """Wait until all that is given now stands in the cluster. Raises Problem 503."""
        ...


class AuthzClient:
    """Implements `Authz` over authz's internal API."""

    def __init__(self, client: httpx.AsyncClient, key: ServiceKey) -> None:
        self._client = client
        self._key = key

    async def put_cluster(self, principal: Principal, cluster_id: ClusterId) -> int:
        body = {"owners": [{"kind": "group", "id": principal.require_tenant().group}], "role_id": OWNER_ROLE}
        answer = await self._ask("PUT", f"/internal/v1/clusters/{cluster_id}", principal, json=body)
        return int(answer.json()["revision"])

    async def remove_cluster(self, cluster_id: ClusterId) -> None:
        try:
            await self._ask("DELETE", f"/internal/v1/clusters/{cluster_id}")
        except Problem as problem:
            raise TransientError(ErrorCode.INTERNAL, f"authz: {problem.document.detail}") from problem

    async def disable_user(self, principal: Principal, user_id: str) -> None:
        await self._ask("PUT", _disabled(user_id), principal)

    async def enable_user(self, principal: Principal, user_id: str) -> None:
        await self._ask("DELETE", _disabled(user_id), principal)

    async def ensure_in_cluster(self, cluster_id: ClusterId) -> None:
        await self._ask("POST", f"/internal/v1/clusters/{cluster_id}/materialisations")

    async def forward(
        self,
        method: str,
        path: str,
        principal: Principal,
        params: dict[str, str],
        headers: dict[str, str],
        body: bytes,
    ) -> httpx.Response:
        """An open answer, whatever its status; the caller reads and closes it. Raises Problem 503."""
        sent = {**headers, **self._headers(principal)}
        request = self._client.build_request(method, path, params=params, headers=sent, content=body)
        try:
            return await self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise _unavailable("authz does not answer just now; try again") from error

    async def _ask(
        self, method: str, path: str, principal: Principal | None = None, **arguments: Any
    ) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, headers=self._headers(principal), **arguments)
        except httpx.HTTPError as error:
            raise _unavailable("authz does not answer just now; try again") from error
        if answer.is_error:
            log.warning("authz refuses", path=path, status=answer.status_code, body=answer.text[:500])
            raise _unavailable(_detail(answer))
        return answer

    def _headers(self, principal: Principal | None) -> dict[str, str]:
        if principal is None:
            return self._key.headers(Service.AUTHZ)
        actor = principal.actor
        return self._key.headers(Service.AUTHZ, actor.id, user_name=principal.user_name, groups=actor.groups)


def _disabled(user_id: str) -> str:
    return f"/internal/v1/disabled-subjects/{quote(user_id, safe='')}"


def _detail(answer: httpx.Response) -> str:
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        return str(answer.json().get("detail", "authz is not ready; try again"))
    return "authz could not do it; the operator's log says more"


def _unavailable(detail: str) -> Problem:
    return Problem(503, "authz_unavailable", detail, headers={"Retry-After": "2"})
