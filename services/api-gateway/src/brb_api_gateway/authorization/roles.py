"""/v1/roles and /v1/role-bindings, passed on to authz."""

from typing import Annotated

from fastapi import Body

from brb_api_gateway.access import Resource, Verb
from brb_api_gateway.authorization.passing import passes, passing_router
from brb_shared.contracts.access_api.bindings import BindingCreate, BindingPatch, BindingView
from brb_shared.contracts.access_api.roles import PlanView, RoleCreate, RolePatch, RoleView
from brb_shared.contracts.bodies import Page
from brb_shared.http.access_api import (
    CREATED,
    MERGE_PATCH,
    PLANNED,
    WITH_ETAG,
    AtCluster,
    AtNamespace,
    AtProject,
    IdempotencyKey,
    OfContext,
    OfSubjectId,
    OfSubjectKind,
    ValidateOnly,
)
from brb_shared.http.parameters import IfMatch, PageSize, PageToken

router = passing_router()


@router.post(
    "/roles",
    status_code=201,
    response_model=RoleView,
    summary="Make a role",
    **passes(Verb.CREATE, Resource.ROLES, answers={**CREATED, **PLANNED}),
)
def create_role(body: RoleCreate, idempotency_key: IdempotencyKey = None, validate_only: ValidateOnly = False) -> None:
    """403: it holds rules that you do not hold on the whole platform, and you have no `escalate` on roles.

    `dangers` in the answer names rules that amount to more than they say.
    """


@router.get("/roles", response_model=Page[RoleView], summary="The roles", **passes(Verb.LIST, Resource.ROLES))
def list_roles(page_size: PageSize = 100, page_token: PageToken = None, context: OfContext = None) -> None:
    """Sorted by id, built-in ones among them."""


@router.get(
    "/roles/{role_id}",
    response_model=RoleView,
    summary="One role",
    **passes(Verb.GET, Resource.ROLES, answers=WITH_ETAG),
)
def get_role(role_id: str) -> None: ...


@router.patch(
    "/roles/{role_id}",
    response_model=RoleView | PlanView,
    summary="Change a role",
    **passes(Verb.PATCH, Resource.ROLES, 409, 412, 428, answers=WITH_ETAG),
)
def patch_role(
    role_id: str,
    body: Annotated[RolePatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
    validate_only: ValidateOnly = False,
) -> None:
    """A JSON merge patch; needs `If-Match`. 403: as on create, or the role is built in."""


@router.delete(
    "/roles/{role_id}",
    status_code=204,
    summary="Delete a role",
    **passes(Verb.DELETE, Resource.ROLES, 409, 412, 428, answers=PLANNED),
)
def delete_role(role_id: str, if_match: IfMatch = None, validate_only: ValidateOnly = False) -> None:
    """Needs `If-Match`. 409: it is bound, or another role inherits it."""


@router.post(
    "/role-bindings",
    status_code=201,
    response_model=BindingView,
    summary="Give somebody a role",
    **passes(Verb.CREATE, Resource.MEMBERS, 409, answers={**CREATED, **PLANNED}),
)
def create_role_binding(
    body: BindingCreate, idempotency_key: IdempotencyKey = None, validate_only: ValidateOnly = False
) -> None:
    """403: the role holds rules that you do not hold at that scope, and you have no `bind` on it there.

    409: there is the same binding. `dangers` in the answer names rules that amount to more than they say.
    """


@router.get(
    "/role-bindings",
    response_model=Page[BindingView],
    summary="Who has which role",
    **passes(Verb.LIST, Resource.MEMBERS),
)
def list_role_bindings(
    page_size: PageSize = 100,
    page_token: PageToken = None,
    subject_kind: OfSubjectKind = None,
    subject_id: OfSubjectId = None,
    cluster_id: AtCluster = "",
    project_id: AtProject = "",
    namespace: AtNamespace = "",
) -> None:
    """Of one scope or of one subject; without a filter those made at the platform. Sorted by id."""


@router.get(
    "/role-bindings/{binding_id}",
    response_model=BindingView,
    summary="One role binding",
    **passes(Verb.GET, Resource.MEMBERS, answers=WITH_ETAG),
)
def get_role_binding(binding_id: str) -> None: ...


@router.patch(
    "/role-bindings/{binding_id}",
    response_model=BindingView | PlanView,
    summary="Change a role binding",
    **passes(Verb.PATCH, Resource.MEMBERS, 409, 412, 428, answers=WITH_ETAG),
)
def patch_role_binding(
    binding_id: str,
    body: Annotated[BindingPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
    validate_only: ValidateOnly = False,
) -> None:
    """Another role or another subject at the same scope; needs `If-Match`. 409: it is the last administrator's."""


@router.delete(
    "/role-bindings/{binding_id}",
    status_code=204,
    summary="Take a role back",
    **passes(Verb.DELETE, Resource.MEMBERS, 409, 412, 428, answers=PLANNED),
)
def delete_role_binding(binding_id: str, if_match: IfMatch = None, validate_only: ValidateOnly = False) -> None:
    """Needs `If-Match`. 409: it is the last administrator's."""
