"""Bindings of roles to subjects."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from brb_authz.acting import ActingUser
from brb_authz.bindings.schemas import BindingCreate, BindingPatch, BindingView
from brb_authz.bindings.service import BindingService
from brb_authz.etags import IfMatch, PageSize, PageToken, ValidateOnly, set_etag
from brb_authz.roles.schemas import PlanView
from brb_authz.schemas import Page
from brb_shared.access.model import PLATFORM, Level, Scope, Subject, SubjectKind
from brb_shared.http import problem_responses

router = APIRouter(prefix="/internal/v1/role-bindings", tags=["role bindings"])


def _service(request: Request) -> BindingService:
    service: BindingService = request.app.state.bindings
    return service


Bindings = Annotated[BindingService, Depends(_service)]


@router.post(
    "",
    status_code=201,
    response_model=BindingView | PlanView,
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
async def create_binding(
    body: BindingCreate,
    acting: ActingUser,
    bindings: Bindings,
    request: Request,
    response: Response,
    validate_only: ValidateOnly = False,
) -> Any:
    """403: the role holds rules that its giver does not hold at that scope, nor `bind` on the role there."""
    return _answer(await bindings.create(acting, body, request, dry_run=validate_only), response)


@router.get("", responses=problem_responses(401, 403, 404, 422, 503))
async def list_bindings(
    acting: ActingUser,
    bindings: Bindings,
    page_size: PageSize = 100,
    page_token: PageToken = None,
    subject_kind: Annotated[SubjectKind | None, Query(description="With subject_id: all bindings of a subject")] = None,
    subject_id: Annotated[str | None, Query(max_length=253)] = None,
    cluster_id: Annotated[str, Query(max_length=253, description="Those made at this cluster")] = "",
    project_id: Annotated[str, Query(max_length=253, description="Those made at this project")] = "",
    namespace: Annotated[str, Query(max_length=253, description="With cluster_id: those made at this namespace")] = "",
) -> Page[BindingView]:
    """Without a filter: those made at the platform. Sorted by id."""
    if subject_kind is not None and subject_id is not None:
        subject = Subject(subject_kind, subject_id)
        return await bindings.list_of(acting, subject, page_size=page_size, page_token=page_token)
    scope = _scope(cluster_id, project_id, namespace)
    return await bindings.list_at(acting, scope, page_size=page_size, page_token=page_token)


@router.get("/{binding_id}", responses=problem_responses(401, 403, 404, 503))
async def get_binding(binding_id: str, acting: ActingUser, bindings: Bindings, response: Response) -> BindingView:
    view = await bindings.get(acting, binding_id)
    set_etag(response, view.generation)
    return view


@router.patch(
    "/{binding_id}",
    response_model=BindingView | PlanView,
    responses=problem_responses(401, 403, 404, 409, 412, 422, 428, 503),
)
async def patch_binding(
    binding_id: str,
    body: Annotated[BindingPatch, Body()],
    acting: ActingUser,
    bindings: Bindings,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
    validate_only: ValidateOnly = False,
) -> Any:
    view = await bindings.patch(acting, binding_id, body, if_match, request, dry_run=validate_only)
    return _answer(view, response)


@router.delete(
    "/{binding_id}",
    status_code=204,
    response_model=None,
    responses=problem_responses(401, 403, 404, 409, 412, 428, 503),
)
async def delete_binding(
    binding_id: str,
    acting: ActingUser,
    bindings: Bindings,
    request: Request,
    if_match: IfMatch = None,
    validate_only: ValidateOnly = False,
) -> Response:
    plan = await bindings.delete(acting, binding_id, if_match, request, dry_run=validate_only)
    if plan is None:
        return Response(status_code=204)
    return Response(plan.model_dump_json(), media_type="application/json")


def _scope(cluster_id: str, project_id: str, namespace: str) -> Scope:
    if namespace:
        return Scope.of_namespace(cluster_id, namespace)
    if project_id:
        return Scope.project(project_id)
    return Scope(Level.CLUSTER, cluster_id=cluster_id) if cluster_id else PLATFORM


def _answer(view: BindingView | PlanView, response: Response) -> BindingView | PlanView:
    match view:
        case BindingView():
            set_etag(response, view.generation)
            response.headers["Location"] = f"/v1/role-bindings/{view.id}"
        case PlanView():
            response.status_code = 200
    return view
