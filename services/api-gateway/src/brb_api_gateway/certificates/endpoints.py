"""/v1/certificates: the certificates that apps' automatic names are served with."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.certificates.schemas import CertificateCreate, CertificateView
from brb_api_gateway.dns.client import DnsClient
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import ClusterId
from brb_shared.http.parameters import PageSize, PageToken

router = new_router("/v1/certificates", "certificates")

CertificateId = Annotated[str, Path(pattern=r"^crt-[0-9a-z]{10}$")]


def _client(request: Request) -> DnsClient:
    client: DnsClient = request.app.state.dns
    return client


Dns = Annotated[DnsClient, Depends(_client)]


@router.get("", summary="The project's certificates", **declares(Verb.LIST, Resource.CERTIFICATES, 404, 502))
async def list_certificates(
    principal: SignedIn,
    dns: Dns,
    cluster_id: Annotated[ClusterId | None, Query(max_length=64, description="Only those of this cluster")] = None,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> Page[CertificateView]:
    return await dns.certificates(principal, cluster_id=cluster_id, page_size=page_size, page_token=page_token)


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Have a wildcard certificate for an address",
    **declares(Verb.CREATE, Resource.CERTIFICATES, 404, 409, 502),
)
async def create_certificate(
    body: CertificateCreate, principal: SignedIn, dns: Dns, response: Response
) -> CertificateView:
    """For *.<project>.<ip>.<zone> and the name itself. Asked for again it is the same one; it is renewed by itself.

    404: the cluster does not have the address, or the platform has no zone. 409: certificates are off.
    """
    made = await dns.create_certificate(principal, body)
    response.headers["Location"] = f"/v1/certificates/{made.metadata.id}"
    return made


@router.get("/{certificate_id}", summary="One certificate", **declares(Verb.GET, Resource.CERTIFICATES, 404, 502))
async def get_certificate(certificate_id: CertificateId, principal: SignedIn, dns: Dns) -> CertificateView:
    """Its conditions say what is being waited for. The private key is handed to nobody but the platform."""
    return await dns.certificate(principal, certificate_id)


@router.delete(
    "/{certificate_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Revoke and delete a certificate",
    **declares(Verb.DELETE, Resource.CERTIFICATES, 404, 502),
)
async def delete_certificate(certificate_id: CertificateId, principal: SignedIn, dns: Dns) -> None:
    """It goes by itself with its cluster or address."""
    await dns.delete_certificate(principal, certificate_id)
