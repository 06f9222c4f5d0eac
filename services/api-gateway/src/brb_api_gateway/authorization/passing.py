"""Routes that are passed on to authz as they are: what they say of themselves is declared, nothing is parsed here.

authz knows the caller from the gateway's token, decides, validates and answers. The function of such a route is never
called: its signature declares parameters and body as authz's own route has them, and a contract test keeps them equal.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from brb_api_gateway.access import Access, Resource, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.authorization.authz import AuthzClient
from brb_api_gateway.sessions.principal import Principal
from brb_shared.http.access_api import Answers

_PASSED_HEADERS = ("content-type", "etag", "retry-after")
_SENT_HEADERS = ("content-type", "if-match", "idempotency-key")


class PassedRoute(APIRoute):
    """Documented by its endpoint's signature; whoever its declaration lets in is passed on."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        (guard,) = (one.dependency for one in self.dependencies if isinstance(one.dependency, Access))

        async def pass_on(request: Request) -> Response:
            return await _pass_on(request, await guard(request))

        return pass_on


def passing_router() -> APIRouter:
    router = new_router("/v1", "access")
    router.route_class = PassedRoute
    return router


def passes(verb: Verb, resource: Resource, *problems: int, answers: Answers | None = None) -> dict[str, Any]:
    """As `access.declares`; `answers`: what is said of an answer beside its model, and other ones."""
    declared = declares(verb, resource, HTTPStatus.NOT_FOUND, *problems)
    return {**declared, "responses": {**declared["responses"], **(answers or {})}}


async def _pass_on(request: Request, principal: Principal) -> Response:
    authz: AuthzClient = request.app.state.authz
    params, body = dict(request.query_params), await request.body()
    sent = {name: request.headers[name] for name in _SENT_HEADERS if name in request.headers}
    answer = await authz.forward(request.method, _path_at_authz(request), principal, params, sent, body)
    headers = {name: answer.headers[name] for name in _PASSED_HEADERS if name in answer.headers}
    if "location" in answer.headers:
        headers["location"] = answer.headers["location"].replace("/internal/v1/", "/v1/", 1)
    return StreamingResponse(_content(answer), answer.status_code, headers)


def _path_at_authz(request: Request) -> str:
    """Quoted anew, and leading dots too: a name that is `..` or has a `?` must not lead to another route."""
    path: str = request.scope["path"]
    return quote(path).replace("/.", "/%2E").replace("/v1/", "/internal/v1/", 1)


async def _content(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    finally:
        await answer.aclose()
