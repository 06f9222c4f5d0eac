"""/v1/projects and /v1/clusters/{cluster_id}/namespaces, passed on to authz."""

from typing import Annotated

from fastapi import Body

from brb_api_gateway.access import Resource, Verb
from brb_api_gateway.authorization.passing import passes, passing_router
from brb_shared.contracts.access_api.projects import (
    NamespaceCreate,
    NamespacePatch,
    NamespaceView,
    ProjectCreate,
    ProjectPatch,
    ProjectView,
)
from brb_shared.contracts.bodies import Page
from brb_shared.http.access_api import CREATED, MERGE_PATCH, WITH_ETAG, IdempotencyKey, InCluster, InProject
from brb_shared.http.parameters import IfMatch, PageSize, PageToken

_NAMESPACES = "/clusters/{cluster_id}/namespaces"

router = passing_router()


@router.post(
    "/projects",
    status_code=201,
    response_model=ProjectView,
    summary="Make a project",
    **passes(Verb.CREATE, Resource.PROJECTS, answers=CREATED),
)
def create_project(body: ProjectCreate, idempotency_key: IdempotencyKey = None) -> None:
    """Whoever makes it owns it."""


@router.get(
    "/projects",
    response_model=Page[ProjectView],
    summary="The projects of a cluster that you may see",
    **passes(Verb.LIST, Resource.PROJECTS),
)
def list_projects(cluster_id: InCluster, page_size: PageSize = 100, page_token: PageToken = None) -> None:
    """Sorted by id."""


@router.get(
    "/projects/{project_id}",
    response_model=ProjectView,
    summary="One project",
    **passes(Verb.GET, Resource.PROJECTS, answers=WITH_ETAG),
)
def get_project(project_id: str) -> None: ...


@router.patch(
    "/projects/{project_id}",
    response_model=ProjectView,
    summary="Change a project",
    **passes(Verb.PATCH, Resource.PROJECTS, 412, 428, answers=WITH_ETAG),
)
def patch_project(
    project_id: str, body: Annotated[ProjectPatch, Body(media_type=MERGE_PATCH)], if_match: IfMatch = None
) -> None:
    """A JSON merge patch of whole fields: a quota's key that is not named is gone. Needs `If-Match`."""


@router.delete(
    "/projects/{project_id}",
    status_code=204,
    summary="Delete a project",
    **passes(Verb.DELETE, Resource.PROJECTS, 409, 412, 428),
)
def delete_project(project_id: str, if_match: IfMatch = None) -> None:
    """With its bindings; needs `If-Match`. 409: it has namespaces."""


@router.post(
    _NAMESPACES,
    status_code=201,
    response_model=NamespaceView,
    summary="Make a namespace in a project",
    **passes(Verb.CREATE, Resource.NAMESPACES, 409, answers=CREATED),
)
def create_namespace(cluster_id: str, body: NamespaceCreate, idempotency_key: IdempotencyKey = None) -> None:
    """It, its ResourceQuota and its LimitRange are made in the cluster."""


@router.get(
    _NAMESPACES,
    response_model=Page[NamespaceView],
    summary="The namespaces of projects that you may see",
    **passes(Verb.LIST, Resource.NAMESPACES),
)
def list_namespaces(
    cluster_id: str, page_size: PageSize = 100, page_token: PageToken = None, project_id: InProject = None
) -> None:
    """Sorted by name. Those that are in no project are the cluster's own and not listed."""


@router.get(
    f"{_NAMESPACES}/{{name}}",
    response_model=NamespaceView,
    summary="One namespace",
    **passes(Verb.GET, Resource.NAMESPACES, answers=WITH_ETAG),
)
def get_namespace(cluster_id: str, name: str) -> None: ...


@router.patch(
    f"{_NAMESPACES}/{{name}}",
    response_model=NamespaceView | None,
    summary="Change or move a namespace",
    **passes(Verb.PATCH, Resource.NAMESPACES, 412, 428, answers=WITH_ETAG),
)
def patch_namespace(
    cluster_id: str,
    name: str,
    body: Annotated[NamespacePatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> None:
    """Moves it when `project_id` is another one. null: it is in no project any more. Needs `If-Match`."""


@router.delete(
    f"{_NAMESPACES}/{{name}}",
    status_code=204,
    summary="Delete a namespace and what is in it",
    **passes(Verb.DELETE, Resource.NAMESPACES, 412, 428),
)
def delete_namespace(cluster_id: str, name: str, if_match: IfMatch = None) -> None:
    """With its bindings; needs `If-Match`."""
