"""Role templates."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response

from brb_authz.acting import ActingUser
from brb_authz.answers import plan_answer, removal_answer
from brb_authz.etags import set_etag
from brb_authz.roles.service import RoleService
from brb_shared.contracts.access_api.roles import PlanView, RoleCreate, RolePatch, RoleView
from brb_shared.contracts.bodies import Page
from brb_shared.http import problem_responses
from brb_shared.http.access_api import CREATED, MERGE_PATCH, PLANNED, WITH_ETAG, IdempotencyKey, OfContext, ValidateOnly
from brb_shared.http.parameters import IfMatch, PageSize, PageToken

router = APIRouter(prefix="/internal/v1/roles", tags=["roles"])


def _service(request: Request) -> RoleService:
    service: RoleService = request.app.state.roles
    return service


Roles = Annotated[RoleService, Depends(_service)]


@router.post(
    "",
    status_code=201,
    response_model=RoleView,
    responses={**problem_responses(401, 403, 422, 503), **CREATED, **PLANNED},
)
async def create_role(
    body: RoleCreate,
    acting: ActingUser,
    roles: Roles,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    validate_only: ValidateOnly = False,
) -> Any:
    """403: it holds rules that its maker does not hold on the whole platform, nor `escalate` on roles."""
    view = await roles.create(acting, body, request, key=idempotency_key, dry_run=validate_only)
    return _answer(view, response)


@router.get("", responses=problem_responses(401, 403, 422, 503))
async def list_roles(
    acting: ActingUser,
    roles: Roles,
    page_size: PageSize = 100,
    page_token: PageToken = None,
    context: OfContext = None,
) -> Page[RoleView]:
    """Sorted by id, built-in ones among them."""
    return await roles.list(page_size=page_size, page_token=page_token, context=context)


@router.get("/{role_id}", responses={**problem_responses(401, 403, 404, 503), **WITH_ETAG})
async def get_role(role_id: str, acting: ActingUser, roles: Roles, response: Response) -> RoleView:
    view = await roles.get(role_id)
    set_etag(response, view.generation)
    return view


@router.patch(
    "/{role_id}",
    response_model=RoleView | PlanView,
    responses={**problem_responses(401, 403, 404, 412, 422, 428, 503), **WITH_ETAG},
)
async def patch_role(
    role_id: str,
    body: Annotated[RolePatch, Body(media_type=MERGE_PATCH)],
    acting: ActingUser,
    roles: Roles,
    request: Request,
    response: Response,
    if_match: IfMatch = None,
    validate_only: ValidateOnly = False,
) -> Any:
    """A merge patch; the same guard as on create. With `validate_only`: who would gain and lose what."""
    view = await roles.patch(acting, role_id, body, if_match, request, dry_run=validate_only)
    return _answer(view, response)


@router.delete(
    "/{role_id}",
    status_code=204,
    response_model=None,
    responses={**problem_responses(401, 403, 404, 409, 412, 428, 503), **PLANNED},
)
async def delete_role(
    role_id: str,
    acting: ActingUser,
    roles: Roles,
    request: Request,
    if_match: IfMatch = None,
    validate_only: ValidateOnly = False,
) -> Response:
    return removal_answer(await roles.delete(acting, role_id, if_match, request, dry_run=validate_only))


def _answer(view: RoleView | PlanView, response: Response) -> RoleView | Response:
    if isinstance(view, PlanView):
        return plan_answer(view)
    set_etag(response, view.generation)
    response.headers["Location"] = f"/v1/roles/{view.id}"
    return view
