"""What belongs to a cluster: its timeline, kubeconfigs, the installer's runs, retries, the delete's report."""

from typing import Annotated

from fastapi import Depends, Path, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.authorization.authz import Authz
from brb_api_gateway.clusters.endpoints import Clusters
from brb_api_gateway.clusters.installer import InstallerClient
from brb_api_gateway.clusters.schemas import (
    DeletionReport,
    EventView,
    KubeconfigCreate,
    RetryView,
    RunOutput,
    RunView,
)
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.infrastructure import ResourceRef
from brb_shared.http.parameters import PageSize, PageToken

router = new_router("/v1/clusters/{cluster_id}", "clusters")

_YAML = "application/yaml"
_KUBECONFIG = {
    201: {
        "description": "A kubeconfig",
        "content": {_YAML: {"schema": {"type": "string"}}},
    }
}


def _installer(request: Request) -> InstallerClient:
    client: InstallerClient = request.app.state.installer
    return client


def _authz(request: Request) -> Authz:
    authz: Authz = request.app.state.authz
    return authz


Installer = Annotated[InstallerClient, Depends(_installer)]
AuthzOf = Annotated[Authz, Depends(_authz)]


@router.get("/events", summary="The timeline", **declares(Verb.LIST, Resource.CLUSTER_EVENTS, 404))
async def list_events(
    cluster_id: ClusterId,
    principal: SignedIn,
    clusters: Clusters,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> Page[EventView]:
    """Oldest first. Also after the cluster is gone, for a time."""
    return await clusters.events(cluster_id, page_size=page_size, page_token=page_token)


@router.get("/resources", summary="What stands in the cloud for it", **declares(Verb.LIST, Resource.RESOURCES, 404))
async def list_resources(cluster_id: ClusterId, principal: SignedIn, clusters: Clusters) -> Page[ResourceRef]:
    """All that a delete takes away, from the ledger. What the cluster makes itself through its cloud integration, load
    balancers of Services and volumes, is found by the delete only.
    """
    return Page(items=list(await clusters.resources(cluster_id)))


_kubeconfigs = declares(Verb.CREATE, Resource.KUBECONFIGS, 404, 409, 502)


@router.post(
    "/kubeconfigs",
    status_code=status.HTTP_201_CREATED,
    response_class=Response,
    summary="A kubeconfig for the caller",
    **{**_kubeconfigs, "responses": {**_kubeconfigs["responses"], **_KUBECONFIG}},
)
async def create_kubeconfig(
    cluster_id: ClusterId,
    principal: SignedIn,
    clusters: Clusters,
    installer: Installer,
    authz: AuthzOf,
    body: KubeconfigCreate | None = None,
) -> Response:
    """It points straight at the cluster and carries a short-lived client certificate of the caller's own.

    What it may do, the cluster's RBAC says: the roles that you hold there, as they stand now and are changed later.
    409: the cluster's API is not there yet.
    """
    await clusters.require_initialized(cluster_id)
    await authz.ensure_in_cluster(cluster_id)
    request = body or KubeconfigCreate()
    kubeconfig = await installer.kubeconfig(principal, cluster_id, request.expiration_seconds)
    return Response(kubeconfig, status_code=status.HTTP_201_CREATED, media_type=_YAML)


@router.get("/runs", summary="The installer's runs", **declares(Verb.LIST, Resource.RUNS, 404, 502))
async def list_runs(
    cluster_id: ClusterId, principal: SignedIn, clusters: Clusters, installer: Installer
) -> Page[RunView]:
    await clusters.get(cluster_id)
    return Page(items=await installer.runs(principal, cluster_id))


@router.get("/runs/{run_id}", summary="One run and its output", **declares(Verb.GET, Resource.RUNS, 404, 502))
async def get_run(
    cluster_id: ClusterId,
    run_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")],
    principal: SignedIn,
    clusters: Clusters,
    installer: Installer,
) -> RunOutput:
    await clusters.get(cluster_id)
    return await installer.run(principal, cluster_id, run_id)


@router.post(
    "/retries",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Try again now",
    **declares(Verb.CREATE, Resource.RETRIES, 404),
)
async def create_retry(cluster_id: ClusterId, principal: SignedIn, clusters: Clusters) -> RetryView:
    """Wakes every stage that backs off, for when the cause of a failure is gone."""
    return await clusters.retry(principal, cluster_id)


@router.get(
    "/deletion-report",
    summary="What the delete took away",
    **declares(Verb.GET, Resource.DELETION_REPORTS, 404),
)
async def get_deletion_report(cluster_id: ClusterId, principal: SignedIn, clusters: Clusters) -> DeletionReport:
    """Also after the cluster is gone, for a time. 404: no delete was asked for, or too long ago."""
    return await clusters.deletion_report(cluster_id)
