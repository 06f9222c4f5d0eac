"""The gateway's part in publishing authz: /v1/… is passed on as /internal/v1/… with a token that names the caller."""

import httpx
from fastapi import FastAPI, Request, Response

from brb_shared.contracts.registry import Service
from brb_shared.http import ServiceKey

_PASSED_ON = ("if-match", "content-type", "x-request-id")


def publishing_gateway(authz: FastAPI, key: ServiceKey) -> FastAPI:
    """The bearer token is the user's id: signing in is not what it is for."""
    app = FastAPI()

    @app.api_route("/v1/{path:path}", methods=["GET", "POST", "PATCH", "DELETE"])
    async def pass_on(path: str, request: Request) -> Response:
        user = request.headers["authorization"].removeprefix("Bearer ")
        headers = {name: value for name, value in request.headers.items() if name in _PASSED_ON}
        headers |= key.headers(Service.AUTHZ, user)
        transport = httpx.ASGITransport(authz)
        async with httpx.AsyncClient(transport=transport, base_url="http://authz") as client:
            answer = await client.request(
                request.method,
                f"/internal/v1/{path}",
                params=request.query_params,
                content=await request.body(),
                headers=headers,
            )
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    return app
