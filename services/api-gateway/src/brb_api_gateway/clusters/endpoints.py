"""/v1/clusters: the public API of clusters. What is not plain CRUD is in `subresources.py`, watching in `watch.py`."""

from typing import Annotated, Any

from fastapi import Body, Depends, Header, Query, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.authorization.authz import Decisions
from brb_api_gateway.authorization.deciding import readable_clusters
from brb_api_gateway.clusters.listing import ClusterFilter, ClusterLists, parse_labels
from brb_api_gateway.clusters.schemas import (
    ClusterCreate,
    ClusterPatch,
    ClusterPlan,
    ClusterState,
    ClusterView,
)
from brb_api_gateway.clusters.service import ClusterService
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import ClusterId
from brb_shared.http.parameters import IfMatch, PageSize, PageToken

router = new_router("/v1/clusters", "clusters")


def cluster_service(request: Request) -> ClusterService:
    service: ClusterService = request.app.state.clusters
    return service


def _lists(request: Request) -> ClusterLists:
    lists: ClusterLists = request.app.state.cluster_lists
    return lists


def decisions_of(request: Request) -> Decisions:
    decisions: Decisions = request.app.state.decisions
    return decisions


Clusters = Annotated[ClusterService, Depends(cluster_service)]
Lists = Annotated[ClusterLists, Depends(_lists)]
DecisionsOf = Annotated[Decisions, Depends(decisions_of)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="A repeated request with the same key and body answers with the first one's cluster (for 24 hours)",
    ),
]
ValidateOnly = Annotated[bool, Query(description="Only answer what would be made and whether it fits: a ClusterPlan")]

_ETAG = {"ETag": {"description": "The generation, for If-Match", "schema": {"type": "string"}}}
_CREATED = {
    "description": "Created: the cluster (ETag, Location). With validate_only it is 200 and a ClusterPlan",
    "headers": {**_ETAG, "Location": {"description": "The cluster's address", "schema": {"type": "string"}}},
}


def _with(declared: dict[str, Any], status_code: int, response: dict[str, Any]) -> dict[str, Any]:
    return {**declared, "responses": {**declared["responses"], status_code: response}}


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ClusterView,
    summary="Create a cluster",
    **_with(
        _with(declares(Verb.CREATE, Resource.CLUSTERS, 403, 409), 201, _CREATED),
        200,
        {"description": "The plan (`validate_only=true`); nothing was made", "model": ClusterPlan},
    ),
)
async def create_cluster(
    body: ClusterCreate,
    principal: SignedIn,
    clusters: Clusters,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    validate_only: ValidateOnly = False,
) -> Any:
    """Ask for a cluster. The answer comes at once; watch `status` for how it goes.

    409: the project has a cluster of that name. 422: `errors` points at each field that is wrong.
    """
    if validate_only:
        response.status_code = status.HTTP_200_OK
        plan = await clusters.plan(principal, body)
        return Response(plan.model_dump_json(), media_type="application/json")
    view = await clusters.create(principal, body, idempotency_key)
    response.headers["Location"] = f"/v1/clusters/{view.metadata.id}"
    response.headers["ETag"] = etag(view)
    return view


@router.get(
    "",
    response_model=Page[ClusterView],
    summary="The clusters you may read",
    **declares(Verb.LIST, Resource.CLUSTERS),
)
async def list_clusters(
    principal: SignedIn,
    lists: Lists,
    decisions: DecisionsOf,
    page_size: PageSize = 100,
    page_token: PageToken = None,
    name: Annotated[str | None, Query(description="Only the one of this name")] = None,
    state: Annotated[ClusterState | None, Query(description="Only those in this state")] = None,
    label: Annotated[list[str] | None, Query(description="`key=value`; several must all hold")] = None,
) -> Response:
    """Sorted by id. 422: the page token is not one of ours."""
    wanted = ClusterFilter(name, state, parse_labels(label or []))
    found = await lists.page(readable_clusters(decisions, principal), wanted, size=page_size, token=page_token)
    return Response(found, media_type="application/json")


@router.get(
    "/{cluster_id}",
    summary="One cluster",
    **_with(declares(Verb.GET, Resource.CLUSTERS, 404), 200, {"description": "OK", "headers": _ETAG}),
)
async def get_cluster(
    cluster_id: ClusterId, principal: SignedIn, clusters: Clusters, response: Response
) -> ClusterView:
    view = await clusters.get(cluster_id)
    response.headers["ETag"] = etag(view)
    return view


@router.patch(
    "/{cluster_id}",
    summary="Change a cluster",
    **_with(declares(Verb.PATCH, Resource.CLUSTERS, 404, 409, 412, 428), 200, {"description": "OK", "headers": _ETAG}),
)
async def patch_cluster(
    cluster_id: ClusterId,
    body: Annotated[ClusterPatch, Body(media_type="application/merge-patch+json")],
    principal: SignedIn,
    clusters: Clusters,
    response: Response,
    if_match: IfMatch = None,
    validate_only: ValidateOnly = False,
) -> ClusterView | ClusterPlan:
    """A JSON merge patch; `application/json` is taken too. Needs `If-Match`, but with `validate_only`.

    `cloud_credential_id: null` makes a new credential for the cluster; the one before goes when it is not used any
    more. That is possible while the cluster is being deleted too.

    422: a field cannot be changed or its value is wrong, `errors` points at it. 412: the cluster was changed
    meanwhile, read it again. 409: it is being deleted.
    """
    if validate_only:
        return await clusters.plan_change(principal, cluster_id, body, if_match)
    view = await clusters.patch(principal, cluster_id, body, if_match)
    response.headers["ETag"] = etag(view)
    return view


@router.delete(
    "/{cluster_id}",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Delete a cluster and all that was made for it",
    **declares(Verb.DELETE, Resource.CLUSTERS, 404, 409, 412, 428),
)
async def delete_cluster(
    cluster_id: ClusterId, principal: SignedIn, clusters: Clusters, if_match: IfMatch = None
) -> ClusterView:
    """Works from every state. Needs `If-Match`. 409: deletion protection is on; switch it off first."""
    return await clusters.delete(principal, cluster_id, if_match)


def etag(view: ClusterView) -> str:
    return f'"{view.metadata.generation}"'
