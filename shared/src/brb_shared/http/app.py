"""The FastAPI application every service starts from: request ids, access log, problems, health and metrics."""

import re
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brb_shared.http.audit import AuditMiddleware, AuditTrail
from brb_shared.http.problems import install_problem_handlers

log = structlog.get_logger()

Readiness = Callable[[], Awaitable[dict[str, bool]]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
_REQUESTS = Counter("brb_http_requests", "HTTP requests", ["service", "method", "route", "status"])
_SECONDS = Histogram("brb_http_request_seconds", "Time until the answer began", ["service", "method", "route"])


def create_app(
    *,
    title: str,
    service: str,
    version: str,
    description: str,
    routers: Sequence[APIRouter],
    readiness: Readiness,
    lifespan: Lifespan | None = None,
    audit: Callable[[], AuditTrail] | None = None,
) -> FastAPI:
    """`readiness` names each thing the service needs and says whether it is there.

    `audit` finds the trail of the application once it runs; with it, changes and denials are recorded.
    """
    app = FastAPI(title=title, version=version, description=description, lifespan=lifespan)
    install_problem_handlers(app)
    for router in routers:
        app.include_router(router)
    app.include_router(_operations(readiness))
    if audit is not None:
        app.add_middleware(AuditMiddleware, trail=audit)
    app.add_middleware(_RequestContext, service=service)
    return app


def _operations(readiness: Readiness) -> APIRouter:
    router = APIRouter(tags=["operations"], include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> Response:
        checks = await readiness()
        return JSONResponse(checks, status_code=200 if all(checks.values()) else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


class _RequestContext:
    """Gives each request an id and a trace, binds both to the log, and writes one access line."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        request.state.request_id = _request_id(request)
        context = {"request_id": request.state.request_id, "traceparent": _traceparent(request)}
        with structlog.contextvars.bound_contextvars(**context):
            await self._serve(request, scope, receive, send)

    async def _serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request.state.request_id.encode()))
                self._measure(scope, status, time.perf_counter() - started)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            if _route(scope) not in ("/healthz", "/readyz", "/metrics"):
                seconds = round(time.perf_counter() - started, 4)
                log.info("Request", method=scope["method"], path=scope["path"], status=status, seconds=seconds)

    def _measure(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], _route(scope)
        _REQUESTS.labels(self._service, method, route, status).inc()
        _SECONDS.labels(self._service, method, route).observe(seconds)


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return getattr(route, "path", "unmatched")


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.match(given) else uuid.uuid4().hex


def _traceparent(request: Request) -> str:
    """The caller's trace context or a new one. Source: W3C Trace Context."""
    given = request.headers.get("traceparent", "")
    if re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", given):
        return given
    return f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
