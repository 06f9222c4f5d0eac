"""Routes about access inside a cluster, for the platform's own services."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, status

from brb_authz.acting import AnyService
from brb_authz.materialise.schemas import MaterialisationView
from brb_authz.materialise.service import MaterialisationService
from brb_shared.http import problem_responses
from brb_shared.http.audit import recorder_of

router = APIRouter(prefix="/internal/v1/clusters/{cluster_id}/materialisations", tags=["internal"])


def _service(request: Request) -> MaterialisationService:
    service: MaterialisationService = request.app.state.materialisations
    return service


Materialisations = Annotated[MaterialisationService, Depends(_service)]


@router.post("", status_code=status.HTTP_201_CREATED, responses=problem_responses(401, 403, 404, 503))
async def create_materialisation(
    cluster_id: str, caller: AnyService, materialisations: Materialisations, request: Request
) -> MaterialisationView:
    """Write all access that is given now into the cluster, and answer when it stands there. 503: it does not yet."""
    recorder_of(request).is_read = True
    return await materialisations.ensure(cluster_id)


@router.get("/current", responses=problem_responses(401, 403, 404, 503))
async def get_materialisation(
    cluster_id: str, caller: AnyService, materialisations: Materialisations
) -> MaterialisationView:
    """What stands in the cluster."""
    return await materialisations.get(cluster_id)
