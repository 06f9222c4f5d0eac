"""Bindings of roles to subjects."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response

from brb_authz.acting import ActingUser
from brb_authz.answers import plan_answer, removal_answer
from brb_authz.bindings.service import BindingService
from brb_authz.etags import set_etag
from brb_shared.access.model import PLATFORM, Level, Scope, Subject
from brb_shared.contracts.access_api.bindings import BindingCreate, BindingPatch, BindingView
from brb_shared.contracts.access_api.roles import PlanView
from brb_shared.contracts.bodies import Page
from brb_shared.http import problem_responses
from brb_shared.http.access_api import (
    CREATED,
    MERGE_PATCH,
    PLANNED,
    WITH_ETAG,
    AtCluster,
    AtNamespace,
    AtProject,
    IdempotencyKey,
    OfSubjectId,
    OfSubjectKind,
    ValidateOnly,
)
from brb_shared.http.parameters import IfMatch, PageSize, PageToken

router = APIRouter(prefix="/internal/v1/role-bindings", tags=["role bindings"])


def _service(request: Request) -> BindingService:
    service: BindingService = request.app.state.bindings
    return service


Bindings = Annotated[BindingService, Depends(_service)]


@router.post(
    "",
    status_code=201,
    response_model=BindingView,
    responses={**problem_responses(401, 403, 404, 409, 422, 503), **CREATED, **PLANNED},
)
async def create_binding(
    body: BindingCreate,
    acting: ActingUser,
    bindings: Bindings,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    validate_only: ValidateOnly = False,
) -> Any:
    """403: the role holds rules that its giver does not hold at that scope, nor `bind` on the role there."""
    view = await bindings.create(acting, body, request, key=idempotency_key, dry_run=validate_only)
    return _answer(view, response)


@router.get("", responses=problem_responses(401, 403, 404, 422, 503))
async def list_bindings(
    acting: ActingUser,
    bindings: Bindings,
    page_size: PageSize = 100,
    page_token: PageToken = None,
    subject_kind: OfSubjectKind = None,
    subject_id: OfSubjectId = None,
    cluster_id: AtCluster = "",
    project_id: AtProject = "",
    namespace: AtNamespace = "",
) -> Page[BindingView]:
    """Without a filter: those made at the platform. Sorted by id."""
    if subject_kind is not None and subject_id is not None:
        subject = Subject(subject_kind, subject_id)
        return await bindings.list_of(acting, subject, page_size=page_size, page_token=page_token)
    scope = _scope(cluster_id, project_id, namespace)
    return await bindings.list_at(acting, scope, page_size=page_size, page_token=page_token)


@router.get("/{binding_id}", responses={**problem_responses(401, 403, 404, 503), **WITH_ETAG})
async def get_binding(binding_id: str, acting: ActingUser, bindings: Bindings, response: Response) -> BindingView:
    view = await bindings.get(acting, binding_id)
    set_etag(response, view.generation)
    return view


@router.patch(
    "/{binding_id}",
    response_model=BindingView | PlanView,
    responses={**problem_responses(401, 403, 404, 409, 412, 422, 428, 503), **WITH_ETAG},
)
async def patch_binding(
    binding_id: str,
    body: Annotated[BindingPatch, Body(media_type=MERGE_PATCH)],
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
    responses={**problem_responses(401, 403, 404, 409, 412, 428, 503), **PLANNED},
)
async def delete_binding(
    binding_id: str,
    acting: ActingUser,
    bindings: Bindings,
    request: Request,
    if_match: IfMatch = None,
    validate_only: ValidateOnly = False,
) -> Response:
    return removal_answer(await bindings.delete(acting, binding_id, if_match, request, dry_run=validate_only))


def _scope(cluster_id: str, project_id: str, namespace: str) -> Scope:
    if namespace:
        return Scope.of_namespace(cluster_id, namespace)
    if project_id:
        return Scope.project(project_id)
    return Scope(Level.CLUSTER, cluster_id=cluster_id) if cluster_id else PLATFORM


def _answer(view: BindingView | PlanView, response: Response) -> BindingView | Response:
    if isinstance(view, PlanView):
        return plan_answer(view)
    set_etag(response, view.generation)
    response.headers["Location"] = f"/v1/role-bindings/{view.id}"
    return view
