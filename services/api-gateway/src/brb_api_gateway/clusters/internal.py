"""/internal/v1/clusters: access to a cluster for the platform's services that work inside it.

A service asks the hub, never the installer: services do not know each other.
"""

from typing import Annotated, Any

from fastapi import Depends, Request, status

from brb_api_gateway.access import Resource, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.clusters.subresources import Installer
from brb_shared.contracts.audit import AuditTarget
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import Service
from brb_shared.http import Caller, service_caller
from brb_shared.http.audit import recorder_of

router = new_router("/internal/v1/clusters", "internal", in_schema=False)

Worker = Annotated[Caller, Depends(service_caller(Service.AUTHZ))]


@router.post(
    "/{cluster_id}/service-accesses",
    status_code=status.HTTP_201_CREATED,
    **declares(Verb.CREATE, Resource.SERVICE_ACCESSES, 401, 403, 404, 409, 502, public=True),
)
async def create_service_access(
    cluster_id: ClusterId, installer: Installer, caller: Worker, request: Request
) -> dict[str, Any]:
    """A client certificate of the calling service's own, for an hour; secret. 409: the cluster has no API yet."""
    recorder_of(request).target = AuditTarget(
        verb=Verb.CREATE, resource=Resource.SERVICE_ACCESSES, id=caller.service, cluster_id=cluster_id
    )
    return await installer.service_access(caller.service, cluster_id)
