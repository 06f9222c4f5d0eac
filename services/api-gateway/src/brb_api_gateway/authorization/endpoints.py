"""/v1/roles, /v1/role-bindings, /v1/projects, namespaces, reviews and the audit log: authz's API, passed on as it is.

authz knows the caller from the gateway's token, decides, and answers; shapes and rules are in docs/contracts/access.md.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.authorization.authz import AuthzClient
from brb_api_gateway.sessions.principal import Principal

router = new_router("/v1", "access")

_IN_PATH = re.compile(r"{(\w+)}")
_PASSED_HEADERS = ("content-type", "etag", "retry-after")
_SENT_HEADERS = ("content-type", "if-match")


@dataclass(frozen=True)
class Passed:
    name: str
    method: str
    path: str
    verb: Verb
    resource: Resource
    summary: str
    problems: tuple[int, ...] = (403, 404)


def _collection(path: str, noun: str, resource: Resource) -> list[Passed]:
    one, written = f"{path}/{{{noun}_id}}", (403, 404, 409, 412, 428)
    words = noun.replace("_", " ")
    return [
        Passed(f"create_{noun}", "POST", path, Verb.CREATE, resource, f"Make a {words}", (403, 404, 409)),
        Passed(f"list_{noun}s", "GET", path, Verb.LIST, resource, f"The {words}s that you may see"),
        Passed(f"get_{noun}", "GET", one, Verb.GET, resource, f"One {words}"),
        Passed(f"patch_{noun}", "PATCH", one, Verb.PATCH, resource, f"Change a {words}; needs If-Match", written),
        Passed(f"delete_{noun}", "DELETE", one, Verb.DELETE, resource, f"Delete a {words}; needs If-Match", written),
    ]


_REVIEWS = Resource.ACCESS_REVIEWS
_AUDIT = Resource.AUDIT_LOGS
PASSED = (
    *_collection("/roles", "role", Resource.ROLES),
    *_collection("/role-bindings", "role_binding", Resource.MEMBERS),
    *_collection("/projects", "project", Resource.PROJECTS),
    *_collection("/clusters/{cluster_id}/namespaces", "namespace", Resource.NAMESPACES),
    Passed(
        "create_access_review", "POST", "/access-reviews", Verb.CREATE, _REVIEWS, "May somebody do something, and why"
    ),
    Passed("list_access_rules", "POST", "/access-rules", Verb.CREATE, _REVIEWS, "What can I do"),
    Passed("list_access_subjects", "POST", "/access-subjects", Verb.CREATE, _REVIEWS, "Who can do something"),
    Passed("list_audit_entries", "GET", "/audit-log", Verb.LIST, _AUDIT, "The audit log"),
    Passed("get_audit_head", "GET", "/audit-log/head", Verb.LIST, _AUDIT, "Both ends of the audit log's chain"),
    Passed("export_audit_log", "GET", "/audit-log/export", Verb.LIST, _AUDIT, "The audit log as JSON lines"),
)

Endpoint = Callable[[Request, Principal], Awaitable[Response]]


async def pass_on(request: Request, principal: SignedIn) -> Response:
    authz: AuthzClient = request.app.state.authz
    path = request.url.path.replace("/v1/", "/internal/v1/", 1)
    sent = {name: request.headers[name] for name in _SENT_HEADERS if name in request.headers}
    answer = await authz.forward(
        request.method, path, principal, dict(request.query_params), sent, await request.body()
    )
    headers = {name: answer.headers[name] for name in _PASSED_HEADERS if name in answer.headers}
    if "location" in answer.headers:
        headers["location"] = answer.headers["location"].replace("/internal/v1/", "/v1/", 1)
    return StreamingResponse(_content(answer), answer.status_code, headers)


async def _content(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    finally:
        await answer.aclose()


def _register(passed: Passed) -> None:
    declared: dict[str, Any] = declares(passed.verb, passed.resource, *passed.problems)
    body = {"application/json": {"schema": {"type": "object"}}}
    declared["openapi_extra"] |= {"parameters": [_path_parameter(name) for name in _IN_PATH.findall(passed.path)]}
    if passed.method in ("POST", "PATCH"):
        declared["openapi_extra"] |= {"requestBody": {"required": True, "content": body}}
    answer = {"description": "As docs/contracts/access.md says", "content": body}
    router.add_api_route(
        passed.path,
        pass_on,
        methods=[passed.method],
        name=passed.name,
        summary=passed.summary,
        description="Query parameters, bodies and answers are those of docs/contracts/access.md.",
        response_class=StreamingResponse,
        **{**declared, "responses": {**declared["responses"], 200: answer}},
    )


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


for _passed in PASSED:
    _register(_passed)
