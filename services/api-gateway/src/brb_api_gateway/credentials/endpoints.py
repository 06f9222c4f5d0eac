"""/v1/credentials, and the one internal route by which workers fetch a secret."""

from typing import Annotated

import structlog
from fastapi import Depends, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.credentials.schemas import CredentialCreate, CredentialView, WorkerCredential
from brb_api_gateway.credentials.service import CredentialService
from brb_shared.contracts.audit import AuditTarget
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import CredentialId
from brb_shared.contracts.registry import Service
from brb_shared.http import Caller, service_caller
from brb_shared.http.audit import recorder_of

log = structlog.get_logger()
router = new_router("/v1/credentials", "credentials")
internal = new_router("/internal/v1/credentials", "internal", in_schema=False)


def _service(request: Request) -> CredentialService:
    service: CredentialService = request.app.state.credentials
    return service


Worker = Annotated[Caller, Depends(service_caller(Service.PROVISIONER, Service.INSTALLER))]
Credentials = Annotated[CredentialService, Depends(_service)]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Make or register a restricted application credential",
    **declares(Verb.CREATE, Resource.CREDENTIALS, 403, 409),
)
async def create_credential(
    body: CredentialCreate, principal: SignedIn, credentials: Credentials, response: Response
) -> CredentialView:
    """With id and secret they are verified: of the session's project, restricted. The secret is never given back."""
    view = await credentials.create(principal, body)
    response.headers["Location"] = f"/v1/credentials/{view.id}"
    return view


@router.get("", summary="The project's credentials", **declares(Verb.LIST, Resource.CREDENTIALS))
async def list_credentials(principal: SignedIn, credentials: Credentials) -> Page[CredentialView]:
    return Page(items=await credentials.list(principal.require_tenant()))


@router.get("/{credential_id}", summary="One credential", **declares(Verb.GET, Resource.CREDENTIALS, 404))
async def get_credential(credential_id: CredentialId, principal: SignedIn, credentials: Credentials) -> CredentialView:
    return await credentials.get(principal.require_tenant(), credential_id)


@router.delete(
    "/{credential_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete a credential",
    **declares(Verb.DELETE, Resource.CREDENTIALS, 404, 409),
)
async def delete_credential(credential_id: CredentialId, principal: SignedIn, credentials: Credentials) -> None:
    """409: a cluster uses it. One that was made here is deleted in Keystone too."""
    await credentials.delete(principal, credential_id)


@internal.get(
    "/{credential_id}",
    **declares(Verb.GET, Resource.CREDENTIAL_SECRETS, 401, 403, 404, public=True),
)
async def get_credential_secret(
    credential_id: CredentialId, credentials: Credentials, caller: Worker, request: Request
) -> WorkerCredential:
    """For the workers, with a service token. 404: it is gone. The audit log says who was given it."""
    recorder = recorder_of(request)
    recorder.target = AuditTarget(verb=Verb.GET, resource=Resource.CREDENTIAL_SECRETS, id=credential_id)
    log.info("Handing out a credential", credential_id=credential_id, to=caller.service)
    secret = await credentials.secret(credential_id)
    recorder.is_disclosure = True
    return secret
