"""/v1/api-tokens: make, list and revoke the caller's own."""

from typing import Annotated

from fastapi import Depends, Path, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.tokens.schemas import ApiTokenCreate, ApiTokenCreated, ApiTokenView
from brb_api_gateway.tokens.service import TokenService
from brb_shared.contracts.bodies import Page

router = new_router("/v1/api-tokens", "api-tokens")


def _service(request: Request) -> TokenService:
    service: TokenService = request.app.state.tokens
    return service


Tokens = Annotated[TokenService, Depends(_service)]
TokenId = Annotated[str, Path(pattern=r"^t-[a-z0-9]{1,32}$")]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Make an API token",
    **declares(Verb.CREATE, Resource.API_TOKENS, 403, 409),
)
async def create_api_token(
    body: ApiTokenCreate, principal: SignedIn, tokens: Tokens, response: Response
) -> ApiTokenCreated:
    """It acts for you in this project, as far as verbs and resources say. A token cannot make tokens."""
    created = await tokens.create(principal, body)
    response.headers["Location"] = f"/v1/api-tokens/{created.id}"
    return created


@router.get("", summary="Your API tokens", **declares(Verb.LIST, Resource.API_TOKENS))
async def list_api_tokens(principal: SignedIn, tokens: Tokens) -> Page[ApiTokenView]:
    return Page(items=await tokens.list(principal))


@router.delete(
    "/{token_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Revoke an API token",
    **declares(Verb.DELETE, Resource.API_TOKENS, 404),
)
async def delete_api_token(token_id: TokenId, principal: SignedIn, tokens: Tokens) -> None:
    """At once; a watch that is open in its name ends too."""
    await tokens.revoke(principal, token_id)
