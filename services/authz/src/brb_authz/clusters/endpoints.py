"""Routes for the platform's own services: clusters, and the snapshot."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import TypeAdapter

from brb_authz.acting import AnyService, GatewayOnly
from brb_authz.clusters.schemas import ClusterOwners, ClusterRevision
from brb_authz.clusters.service import ClusterService
from brb_authz.world import CurrentWorld
from brb_shared.access.model import World
from brb_shared.contracts.audit import AuditTarget
from brb_shared.http import problem_responses
from brb_shared.http.audit import recorder_of

router = APIRouter(prefix="/internal/v1", tags=["internal"])
_WORLD = TypeAdapter(World)


def _service(request: Request) -> ClusterService:
    service: ClusterService = request.app.state.clusters
    return service


Clusters = Annotated[ClusterService, Depends(_service)]


@router.put("/clusters/{cluster_id}", responses=problem_responses(401, 403, 422, 503))
async def put_cluster(
    cluster_id: str, body: ClusterOwners, caller: GatewayOnly, clusters: Clusters, request: Request
) -> ClusterRevision:
    """A new cluster and its owners; repeated, it changes nothing."""
    recorder = recorder_of(request)
    recorder.target = AuditTarget(verb="create", resource="members", cluster_id=cluster_id)
    recorder.after = body.model_dump(mode="json")
    return await clusters.put(cluster_id, body, caller.user or caller.service.value)


@router.delete("/clusters/{cluster_id}", responses=problem_responses(401, 403, 503))
async def delete_cluster(cluster_id: str, caller: GatewayOnly, clusters: Clusters, request: Request) -> ClusterRevision:
    """The cluster is gone: its projects, namespaces and bindings go too. Repeated, it changes nothing."""
    recorder_of(request).target = AuditTarget(verb="delete", resource="members", cluster_id=cluster_id)
    return await clusters.remove(cluster_id)


@router.get("/snapshot", response_model=World, responses=problem_responses(401, 403, 503))
async def get_snapshot(request: Request, caller: AnyService) -> Response:
    """The whole access world at one revision, for services that follow its changes."""
    world: CurrentWorld = request.app.state.world
    return Response(_WORLD.dump_json(await world.snapshot()), media_type="application/json")
