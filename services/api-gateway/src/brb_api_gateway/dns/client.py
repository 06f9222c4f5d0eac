"""The dns service's internal API. Calls carry a service token with the acting user and his project: dns decides."""

from typing import Any

import httpx
import structlog

from brb_api_gateway.certificates.schemas import CertificateCreate, CertificateView
from brb_api_gateway.dns.schemas import (
    DnsKeyCreate,
    DnsKeyCreated,
    DnsKeyView,
    DnsRecordCreate,
    DnsRecordView,
    RecordType,
    ZoneView,
)
from brb_api_gateway.sessions.principal import Principal
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.registry import Service
from brb_shared.contracts.tenant import Tenant
from brb_shared.http import FieldError, Problem, ServiceKey

log = structlog.get_logger()

_PASSED_ON = frozenset({403, 404, 409, 422})
"""What the dns service says of the request; all else it says of us."""


class DnsClient:
    def __init__(self, client: httpx.AsyncClient | None, key: ServiceKey) -> None:
        """`client` None: the platform has no zone. Every call raises Problem 403, 404, 409, 422, 502 or 503."""
        self._client = client
        self._key = key

    async def zone(self, principal: Principal) -> ZoneView:
        return ZoneView.model_validate((await self._call("GET", "/zone", principal)).json())

    async def records(
        self,
        principal: Principal,
        *,
        name: str | None,
        type_: RecordType | None,
        cluster_id: str | None,
        page_size: int,
        page_token: str | None,
    ) -> Page[DnsRecordView]:
        given = {"name": name, "type": type_, "cluster_id": cluster_id, "page_token": page_token}
        params = {key: value for key, value in given.items() if value is not None}
        answer = await self._call("GET", "/records", principal, params={**params, "page_size": page_size})
        return Page[DnsRecordView].model_validate(answer.json())

    async def create_record(self, principal: Principal, body: DnsRecordCreate) -> DnsRecordView:
        answer = await self._call("POST", "/records", principal, json=body.model_dump(mode="json"))
        return DnsRecordView.model_validate(answer.json())

    async def record(self, principal: Principal, record_id: str) -> DnsRecordView:
        return DnsRecordView.model_validate((await self._call("GET", f"/records/{record_id}", principal)).json())

    async def delete_record(self, principal: Principal, record_id: str) -> None:
        await self._call("DELETE", f"/records/{record_id}", principal)

    async def keys(self, principal: Principal) -> Page[DnsKeyView]:
        return Page[DnsKeyView].model_validate((await self._call("GET", "/keys", principal)).json())

    async def create_key(self, principal: Principal, body: DnsKeyCreate) -> DnsKeyCreated:
        answer = await self._call("POST", "/keys", principal, json=body.model_dump(mode="json"))
        return DnsKeyCreated.model_validate(answer.json())

    async def key(self, principal: Principal, key_id: str) -> DnsKeyView:
        return DnsKeyView.model_validate((await self._call("GET", f"/keys/{key_id}", principal)).json())

    async def delete_key(self, principal: Principal, key_id: str) -> None:
        await self._call("DELETE", f"/keys/{key_id}", principal)

    async def certificates(
        self, principal: Principal, *, cluster_id: str | None, page_size: int, page_token: str | None
    ) -> Page[CertificateView]:
        given = {"cluster_id": cluster_id, "page_token": page_token}
        params = {key: value for key, value in given.items() if value is not None}
        answer = await self._call("GET", "/certificates", principal, params={**params, "page_size": page_size})
        return Page[CertificateView].model_validate(answer.json())

    async def create_certificate(self, principal: Principal, body: CertificateCreate) -> CertificateView:
        answer = await self._call("POST", "/certificates", principal, json=body.model_dump(mode="json"))
        return CertificateView.model_validate(answer.json())

    async def certificate(self, principal: Principal, certificate_id: str) -> CertificateView:
        answer = await self._call("GET", f"/certificates/{certificate_id}", principal)
        return CertificateView.model_validate(answer.json())

    async def delete_certificate(self, principal: Principal, certificate_id: str) -> None:
        await self._call("DELETE", f"/certificates/{certificate_id}", principal)

    async def _call(self, method: str, path: str, principal: Principal, **arguments: Any) -> httpx.Response:
        if self._client is None:
            raise Problem(404, "no_zone", "This platform has no zone of its own; ask its operator for one")
        own = principal.require_tenant()
        tenant = Tenant(cloud=own.cloud, project_id=own.project_id)
        headers = self._key.headers(Service.DNS, principal.user_id, tenant=tenant)
        try:
            answer = await self._client.request(method, f"/internal/v1{path}", headers=headers, **arguments)
        except httpx.HTTPError as error:
            detail = "The dns service does not answer just now; try again. Names that are there are answered meanwhile"
            raise Problem(503, "dns_unavailable", detail, headers={"Retry-After": "5"}) from error
        if answer.is_error:
            raise _problem(answer)
        return answer


def _problem(answer: httpx.Response) -> Problem:
    document = _document(answer)
    code, detail = str(document.get("code", "dns_failed")), str(document.get("detail", ""))
    if answer.status_code in _PASSED_ON and detail:
        errors = [FieldError.model_validate(error) for error in document.get("errors", [])]
        return Problem(answer.status_code, code, detail, errors=errors, user_fixable=True)
    log.error("The dns service failed", status=answer.status_code, code=code, detail=detail)
    return Problem(502, "dns_failed", "The dns service failed; the operator's log says more")


def _document(answer: httpx.Response) -> dict[str, Any]:
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        document: dict[str, Any] = answer.json()
        return document
    return {}
