"""Projects, and the namespaces of a cluster that are in projects."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response

from brb_authz.acting import ActingUser
from brb_authz.etags import set_etag
from brb_authz.projects.namespaces import NamespaceService
from brb_authz.projects.service import ProjectService
from brb_shared.contracts.access_api.projects import (
    NamespaceCreate,
    NamespacePatch,
    NamespaceView,
    ProjectCreate,
    ProjectPatch,
    ProjectView,
)
from brb_shared.contracts.bodies import Page
from brb_shared.http import problem_responses
from brb_shared.http.access_api import CREATED, MERGE_PATCH, WITH_ETAG, IdempotencyKey, InCluster, InProject
from brb_shared.http.parameters import IfMatch, PageSize, PageToken

projects = APIRouter(prefix="/internal/v1/projects", tags=["projects"])
namespaces = APIRouter(prefix="/internal/v1/clusters/{cluster_id}/namespaces", tags=["namespaces"])


def _projects(request: Request) -> ProjectService:
    service: ProjectService = request.app.state.projects
    return service


def _namespaces(request: Request) -> NamespaceService:
    service: NamespaceService = request.app.state.namespaces
    return service


Projects = Annotated[ProjectService, Depends(_projects)]
Namespaces = Annotated[NamespaceService, Depends(_namespaces)]


@projects.post("", status_code=201, responses={**problem_responses(401, 403, 404, 422, 503), **CREATED})
async def create_project(
    body: ProjectCreate,
    acting: ActingUser,
    service: Projects,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> ProjectView:
    view = await service.create(acting, body, request, key=idempotency_key)
    set_etag(response, view.generation)
    response.headers["Location"] = f"/v1/projects/{view.id}"
    return view


@projects.get("", responses=problem_responses(401, 422, 503))
async def list_projects(
    acting: ActingUser,
    service: Projects,
    cluster_id: InCluster,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> Page[ProjectView]:
    """Those of a cluster that the caller may see. Sorted by id."""
    return await service.list(acting, cluster_id, page_size=page_size, page_token=page_token)


@projects.get("/{project_id}", responses={**problem_responses(401, 403, 404, 503), **WITH_ETAG})
async def get_project(project_id: str, acting: ActingUser, service: Projects, response: Response) -> ProjectView:
    view = await service.get(acting, project_id)
    set_etag(response, view.generation)
    return view


@projects.patch("/{project_id}", responses={**problem_responses(401, 403, 404, 412, 422, 428, 503), **WITH_ETAG})
async def patch_project(
    project_id: str,
    body: Annotated[ProjectPatch, Body(media_type=MERGE_PATCH)],
    acting: ActingUser,
    service: Projects,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> ProjectView:
    view = await service.patch(acting, project_id, body, if_match, request)
    set_etag(response, view.generation)
    return view


@projects.delete("/{project_id}", status_code=204, responses=problem_responses(401, 403, 404, 409, 412, 428, 503))
async def delete_project(
    project_id: str, acting: ActingUser, service: Projects, request: Request, if_match: IfMatch = None
) -> None:
    """409: it has namespaces."""
    await service.delete(acting, project_id, if_match, request)


@namespaces.post("", status_code=201, responses={**problem_responses(401, 403, 404, 409, 422, 503), **CREATED})
async def create_namespace(
    cluster_id: str,
    body: NamespaceCreate,
    acting: ActingUser,
    service: Namespaces,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> NamespaceView:
    view = await service.create(acting, cluster_id, body, request, key=idempotency_key)
    set_etag(response, view.generation)
    response.headers["Location"] = f"/v1/clusters/{cluster_id}/namespaces/{view.name}"
    return view


@namespaces.get("", responses=problem_responses(401, 422, 503))
async def list_namespaces(
    cluster_id: str,
    acting: ActingUser,
    service: Namespaces,
    page_size: PageSize = 100,
    page_token: PageToken = None,
    project_id: InProject = None,
) -> Page[NamespaceView]:
    """Those that the caller may see. Sorted by name."""
    return await service.list(acting, cluster_id, page_size=page_size, page_token=page_token, project_id=project_id)


@namespaces.get("/{name}", responses={**problem_responses(401, 403, 404, 503), **WITH_ETAG})
async def get_namespace(
    cluster_id: str, name: str, acting: ActingUser, service: Namespaces, response: Response
) -> NamespaceView:
    view = await service.get(acting, cluster_id, name)
    set_etag(response, view.generation)
    return view


@namespaces.patch("/{name}", responses={**problem_responses(401, 403, 404, 412, 422, 428, 503), **WITH_ETAG})
async def patch_namespace(
    cluster_id: str,
    name: str,
    body: Annotated[NamespacePatch, Body(media_type=MERGE_PATCH)],
    acting: ActingUser,
    service: Namespaces,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
) -> NamespaceView | None:
    """Moves it when `project_id` is another one. null: it is in no project any more."""
    view = await service.patch(acting, cluster_id, name, body, if_match, request)
    if view is not None:
        set_etag(response, view.generation)
    return view


@namespaces.delete("/{name}", status_code=204, responses=problem_responses(401, 403, 404, 412, 428, 503))
async def delete_namespace(
    cluster_id: str, name: str, acting: ActingUser, service: Namespaces, request: Request, if_match: IfMatch = None
) -> None:
    await service.delete(acting, cluster_id, name, if_match, request)
