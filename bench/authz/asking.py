"""How the authz service is asked: over a kept HTTP connection, or over NATS. It returns with the answer."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from typing import Any

from bench.authz.connection import Connection
from bench.authz.service import AuthzServer
from brb_shared.contracts.registry import ACCESS_REVIEWS, Service
from brb_shared.messaging import Broker, NatsSettings

Question = dict[str, Any]
Ask = Callable[[Question], Awaitable[None]]
Opened = Callable[[AuthzServer], AbstractAsyncContextManager[Ask]]

_PATH = "/internal/v1/access-reviews"
_TIMEOUT_SECONDS = 60.0


@asynccontextmanager
async def over_http(server: AuthzServer) -> AsyncIterator[Ask]:
    connection = await Connection.open(server.port)

    async def ask(question: Question) -> None:
        body = json.dumps(question).encode()
        status = await connection.post(_PATH, server.key.headers(Service.AUTHZ), body)
        assert status == HTTPStatus.OK, status

    yield ask
    connection.close()


@asynccontextmanager
async def over_nats(server: AuthzServer) -> AsyncIterator[Ask]:
    broker = Broker(NatsSettings(url=server.nats_url), Service.API_GATEWAY)
    await broker.connect()

    async def ask(question: Question) -> None:
        body = json.dumps({"reviews": [question]}).encode()
        headers = server.key.headers(Service.AUTHZ)
        answer = await broker.request(ACCESS_REVIEWS.subject, body, headers, _TIMEOUT_SECONDS)
        assert b'"allowed":' in answer.data, answer.data

    yield ask
    await broker.close()
