"""The internal HTTP API of the certificates. Private keys are for the catalog only, which puts them into clusters.

The api-gateway acts for a tenant, named in its token: it sees and makes what belongs to that tenant. The catalog acts
for clusters.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response, status

from brb_dns.certificates.certificate import Certificate, Owner
from brb_dns.certificates.errors import certificates_off
from brb_dns.certificates.repository import CertificateRepository
from brb_dns.certificates.schemas import Bundle, CertificateCreate, CertificatePage, CertificateView
from brb_dns.certificates.scope import PRIVATE_KEY
from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.networks import AllowedNetworks
from brb_shared.contracts.registry import Service
from brb_shared.http import Caller, Problem, problem_responses, service_caller
from brb_shared.http.audit import acts_on, recorder_of
from brb_shared.secrets import Keyring

log = structlog.get_logger()
router = APIRouter(prefix="/internal/v1/certificates", tags=["internal"])

Either = Annotated[Caller, Depends(service_caller(Service.API_GATEWAY, Service.CATALOG))]
Catalog = Annotated[Caller, Depends(service_caller(Service.CATALOG))]


def _repository(request: Request) -> CertificateRepository:
    repository: CertificateRepository = request.app.state.certificates
    return repository


Certificates = Annotated[CertificateRepository, Depends(_repository)]


@router.post(
    "",
    dependencies=[Depends(acts_on("create", "certificates"))],
    responses=problem_responses(401, 403, 404, 409, 422),
)
async def ensure_certificate(
    body: CertificateCreate, request: Request, response: Response, certificates: Certificates, caller: Either
) -> CertificateView:
    """Idempotent: 201 the first time, 200 with the same certificate after that. Issued soon, not at once."""
    recorder_of(request).found(cluster_id=body.cluster_id)
    if not request.app.state.issues_certificates:
        raise Problem(409, "certificates_off", certificates_off().message)
    zone: ZoneConfig = request.app.state.zone_config
    if not AllowedNetworks(zone.networks).allows(body.address.packed):
        detail = f"{body.address} is outside the networks that {zone.origin} answers for, so it cannot be proved"
        raise Problem(409, "address_not_served", detail, user_fixable=True)
    address = str(body.address)
    ensured = await certificates.ensure(body.cluster_id, address, owner=_owner(caller), retry=body.retry)
    if ensured is None:
        detail = f"The cluster {body.cluster_id} has no address {address} in this zone"
        raise Problem(404, "address_not_found", detail, user_fixable=True)
    certificate, is_new = ensured
    recorder_of(request).found(id=certificate.id)
    recorder_of(request).after = _spec(certificate)
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
    return CertificateView.of(certificate, datetime.now(UTC))


@router.get("", dependencies=[Depends(acts_on("list", "certificates"))], responses=problem_responses(401, 403))
async def list_certificates(
    certificates: Certificates,
    caller: Either,
    cluster_id: Annotated[str, Query(max_length=64)] = "",
    page_size: Annotated[int, Query(ge=1, le=500)] = 100,
    page_token: Annotated[str, Query(max_length=64)] = "",
) -> CertificatePage:
    owner = _owner(caller, cluster_id)
    found = await certificates.list(owner=owner, after=page_token, limit=page_size + 1)
    return CertificatePage.of(found, page_size, datetime.now(UTC))


@router.get(
    "/{certificate_id}",
    dependencies=[Depends(acts_on("get", "certificates", "certificate_id"))],
    responses=problem_responses(401, 403, 404),
)
async def get_certificate(certificate_id: str, certificates: Certificates, caller: Either) -> CertificateView:
    return CertificateView.of(await _find(certificates, certificate_id, caller), datetime.now(UTC))


@router.get(
    "/{certificate_id}/bundle",
    dependencies=[Depends(acts_on("get", "certificates/bundle", "certificate_id"))],
    responses=problem_responses(401, 403, 404, 409),
)
async def get_bundle(
    certificate_id: str, request: Request, certificates: Certificates, caller: Catalog, response: Response
) -> Bundle:
    """Chain and private key. 409: not issued yet, or its owner is gone."""
    certificate = await _find(certificates, certificate_id, caller)
    if certificate.issued is None or not certificate.wanted:
        raise Problem(409, "certificate_not_issued", f"*.{certificate.name} has no certificate to hand out")
    log.info("Handing out a certificate", certificate=certificate.name, serial=certificate.issued.serial)
    recorder_of(request).found(cluster_id=certificate.owner.cluster_id)
    recorder_of(request).is_disclosure = True
    response.headers["Cache-Control"] = "no-store"
    return _bundle(certificate, request.app.state.keyring)


@router.delete(
    "/{certificate_id}",
    status_code=204,
    dependencies=[Depends(acts_on("delete", "certificates", "certificate_id"))],
    responses=problem_responses(401, 403, 404),
)
async def delete_certificate(certificate_id: str, request: Request, certificates: Certificates, caller: Either) -> None:
    """It is revoked and its key deleted, by the loop."""
    certificate = await _find(certificates, certificate_id, caller)
    recorder_of(request).found(cluster_id=certificate.owner.cluster_id)
    recorder_of(request).before = _spec(certificate)
    await certificates.remove(certificate.id)


async def _find(certificates: CertificateRepository, certificate_id: str, caller: Caller) -> Certificate:
    certificate = await certificates.load(certificate_id)
    if certificate is None or not _may_see(_owner(caller), certificate.owner):
        raise Problem(404, "not_found", "There is no such certificate")
    return certificate


def _owner(caller: Caller, cluster_id: str = "") -> Owner:
    """Whose certificates the caller may act on; empty parts are any. Raises Problem 403."""
    if caller.tenant is not None:
        return Owner(caller.tenant.cloud, caller.tenant.project_id, cluster_id)
    if caller.service is Service.API_GATEWAY:
        raise Problem(403, "tenant_missing", "The service token names no tenant to act in")
    return Owner("", "", cluster_id)


def _may_see(allowed: Owner, owner: Owner) -> bool:
    return allowed.cloud in ("", owner.cloud) and allowed.project_id in ("", owner.project_id)


def _spec(certificate: Certificate) -> dict[str, Any]:
    """What was asked for, without how far it has come: for a digest."""
    return CertificateView.of(certificate, datetime.now(UTC)).spec.model_dump(mode="json")


def _bundle(certificate: Certificate, keyring: Keyring) -> Bundle:
    issued = certificate.issued
    assert issued is not None
    tenant, obj = certificate.owner.project_id, certificate.id
    key = keyring.open(issued.key_sealed, tenant=tenant, obj=obj, field=PRIVATE_KEY)
    return Bundle(
        id=certificate.id,
        serial=issued.serial,
        not_after=issued.not_after,
        fullchain_pem=issued.fullchain_pem,
        private_key_pem=key.decode(),
    )
