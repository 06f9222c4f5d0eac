"""An application behind a real uvicorn on a free port, and a client of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import httpx
import uvicorn

from brb_shared.testing.servers import free_port


class _Server(uvicorn.Server):
    """Leaves the process' signals alone."""

    def capture_signals(self) -> Any:
        return nullcontext()


@asynccontextmanager
async def serving(app: Any, *, headers: dict[str, str] | None = None) -> AsyncIterator[httpx.AsyncClient]:
    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off")
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=60, headers=_plain(headers or {})) as client:
            yield client
    finally:
        server.should_exit = server.force_exit = True
        await asyncio.gather(task, return_exceptions=True)


def _plain(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() == "authorization"}
