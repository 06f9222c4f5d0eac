"""/v1/users and /v1/identity-providers for administrators; /v1/sign-in-choices for those who have not signed in."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.identities.providers import IdentityProviderService
from brb_api_gateway.identities.schemas import (
    IdentityProviderCreate,
    IdentityProviderPatch,
    IdentityProviderView,
    SignInChoice,
    UserPatch,
    UserView,
)
from brb_api_gateway.identities.users import UserService
from brb_shared.contracts.bodies import Page
from brb_shared.http.parameters import IfMatch, PageSize, PageToken

router = new_router("/v1", "identities")


def _users(request: Request) -> UserService:
    service: UserService = request.app.state.users
    return service


def _providers(request: Request) -> IdentityProviderService:
    service: IdentityProviderService = request.app.state.identity_providers
    return service


Users = Annotated[UserService, Depends(_users)]
Providers = Annotated[IdentityProviderService, Depends(_providers)]
UserIdPath = Annotated[str, Path(max_length=512, description="It may have colons and slashes")]
ProviderIdPath = Annotated[str, Path(max_length=100)]


@router.get(
    "/sign-in-choices",
    summary="How one can sign in",
    **declares(Verb.LIST, Resource.SIGN_IN_CHOICES, public=True),
)
async def list_sign_in_choices(providers: Providers) -> Page[SignInChoice]:
    """Open to those who have not signed in: it is what a sign-in page offers."""
    return Page(items=await providers.choices())


@router.get("/users", summary="Who has ever signed in", **declares(Verb.LIST, Resource.USERS))
async def list_users(
    principal: SignedIn,
    users: Users,
    identity_provider: Annotated[str | None, Query(max_length=100, description="Only those of this one")] = None,
    disabled: Annotated[bool | None, Query(description="Only those who are, or are not, disabled")] = None,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> Page[UserView]:
    return await users.list(
        identity_provider=identity_provider, disabled=disabled, page_size=page_size, page_token=page_token
    )


@router.get("/users/{user_id:path}", summary="One user", **declares(Verb.GET, Resource.USERS, 404))
async def get_user(user_id: UserIdPath, principal: SignedIn, users: Users) -> UserView:
    return await users.get(user_id)


@router.patch(
    "/users/{user_id:path}", summary="Disable or enable a user", **declares(Verb.PATCH, Resource.USERS, 404, 409)
)
async def patch_user(user_id: UserIdPath, body: UserPatch, principal: SignedIn, users: Users) -> UserView:
    """Disabled: no sign-in, no sessions, no API tokens; watches that are open end. 409: it is yourself."""
    return await users.patch(principal, user_id, body)


@router.post(
    "/identity-providers",
    status_code=status.HTTP_201_CREATED,
    summary="Add an OIDC issuer",
    **declares(Verb.CREATE, Resource.IDENTITY_PROVIDERS, 409),
)
async def create_identity_provider(
    body: IdentityProviderCreate, principal: SignedIn, providers: Providers, response: Response
) -> IdentityProviderView:
    """409: the id is or was another issuer's. 422: the issuer is not https, or leads to an internal address."""
    created = await providers.create(body)
    response.headers["Location"] = f"/v1/identity-providers/{created.id}"
    return _tagged(response, created)


@router.get(
    "/identity-providers", summary="Who may vouch for users", **declares(Verb.LIST, Resource.IDENTITY_PROVIDERS)
)
async def list_identity_providers(principal: SignedIn, providers: Providers) -> Page[IdentityProviderView]:
    """OIDC issuers, each cloud's Keystone, and the break-glass administrator."""
    return Page(items=await providers.list_all())


@router.get(
    "/identity-providers/{provider_id}",
    summary="One identity provider",
    **declares(Verb.GET, Resource.IDENTITY_PROVIDERS, 404),
)
async def get_identity_provider(
    provider_id: ProviderIdPath, principal: SignedIn, providers: Providers, response: Response
) -> IdentityProviderView:
    return _tagged(response, await providers.get(provider_id))


@router.patch(
    "/identity-providers/{provider_id}",
    summary="Change, disable or enable an identity provider",
    **declares(Verb.PATCH, Resource.IDENTITY_PROVIDERS, 404, 409, 412, 428),
)
async def patch_identity_provider(
    provider_id: ProviderIdPath,
    body: IdentityProviderPatch,
    principal: SignedIn,
    providers: Providers,
    response: Response,
    if_match: IfMatch = None,
) -> IdentityProviderView:
    """Needs `If-Match`. Disabled: nobody signs in by it, and its sessions and API tokens end.

    409: you are signed in by it yourself.
    """
    return _tagged(response, await providers.patch(principal, provider_id, body, if_match))


@router.delete(
    "/identity-providers/{provider_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Remove an OIDC issuer",
    **declares(Verb.DELETE, Resource.IDENTITY_PROVIDERS, 404, 409, 412, 428),
)
async def delete_identity_provider(
    provider_id: ProviderIdPath, principal: SignedIn, providers: Providers, if_match: IfMatch = None
) -> None:
    """Needs `If-Match`. Its users and their role bindings stay; only the same issuer can have the id again."""
    await providers.delete(principal, provider_id, if_match)


def _tagged(response: Response, view: IdentityProviderView) -> IdentityProviderView:
    response.headers["ETag"] = f'"{view.generation}"'
    return view
