"""Receivers of webhooks, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fakes.served import serving


class Receiver:
    """Answers with `status`, and keeps what it got."""

    def __init__(self, status: int = 204, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.url = ""
        self.got: list[tuple[dict[str, str], bytes]] = []
        self._headers = headers or {}
        self._changed = asyncio.Condition()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self.got) >= count)

    async def on_post(self, request: Request) -> Response:
        async with self._changed:
            self.got.append((dict(request.headers), await request.body()))
            self._changed.notify_all()
        return Response(status_code=self.status, headers=self._headers)


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    app: Any = Starlette(routes=[Route("/hook", receiver.on_post, methods=["POST"])])
    async with serving(app) as client:
        receiver.url = f"{client.base_url}/hook".replace("//hook", "/hook")
        yield receiver
