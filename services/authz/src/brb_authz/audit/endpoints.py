"""The audit log: query, head, export. Writing has no route: entries come by messages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from brb_authz.acting import ActingUser
from brb_authz.audit.service import AuditService
from brb_shared.contracts.access_api.audit import AuditFilter, AuditHead, AuditRecord
from brb_shared.contracts.bodies import Page
from brb_shared.http import problem_responses
from brb_shared.http.access_api import EXPORTED, OldestFirst, audit_filter
from brb_shared.http.parameters import PageSize, PageToken

router = APIRouter(prefix="/internal/v1/audit-log", tags=["audit"])


def _service(request: Request) -> AuditService:
    service: AuditService = request.app.state.audit
    return service


Audit = Annotated[AuditService, Depends(_service)]
Wanted = Annotated[AuditFilter, Depends(audit_filter)]


@router.get("", responses=problem_responses(401, 403, 404, 422, 503))
async def list_audit_entries(
    acting: ActingUser,
    audit: Audit,
    wanted: Wanted,
    oldest_first: OldestFirst = False,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> Page[AuditRecord]:
    """Newest first. Needs `list auditlogs` on the platform, or in the cluster that is asked for."""
    await audit.require(acting, wanted.cluster_id)
    return await audit.list(wanted, oldest_first=oldest_first, page_size=page_size, page_token=page_token)


@router.get("/head", responses=problem_responses(401, 403, 503))
async def get_audit_head(acting: ActingUser, audit: Audit) -> AuditHead:
    """The ends of the chain, for verifying it."""
    await audit.require(acting, None)
    return await audit.head()


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={**problem_responses(401, 403, 404, 422, 503), **EXPORTED},
)
async def export_audit_log(acting: ActingUser, audit: Audit, wanted: Wanted) -> StreamingResponse:
    """JSON lines, oldest first: one with the head, then one for each entry with its place in the chain."""
    await audit.require(acting, wanted.cluster_id)
    return StreamingResponse(audit.export(wanted), media_type="application/x-ndjson")
