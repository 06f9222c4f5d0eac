"""`python -m brb_api_gateway migrate | serve | work | openapi | asyncapi | messages`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import uvicorn

from brb_api_gateway.app import make_app
from brb_api_gateway.database import SCHEMA
from brb_api_gateway.document import DOCUMENTS
from brb_api_gateway.settings import Settings
from brb_api_gateway.work import run_work
from brb_shared.contracts.registry import Service
from brb_shared.database import run_migrations
from brb_shared.observability import configure_logging


def main() -> int:
    command = _parse().command
    if command in DOCUMENTS:
        print(DOCUMENTS[command](), end="")
        return 0
    settings = Settings()
    configure_logging(Service.API_GATEWAY, settings.log_level, json=settings.log_json)
    match command:
        case "migrate":
            asyncio.run(_migrate(settings))
        case "serve":
            uvicorn.run(make_app(settings), host=settings.host, port=settings.port, log_config=None, access_log=False)
        case "work":
            asyncio.run(_until_stopped(run_work(settings)))
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m brb_api_gateway")
    parser.add_argument("command", choices=["migrate", "serve", "work", *DOCUMENTS])
    return parser.parse_args()


async def _migrate(settings: Settings) -> None:
    await run_migrations(settings.database_url.get_secret_value(), "brb_api_gateway:migrations", SCHEMA)


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """SIGTERM and Ctrl-C end the process in order: leases run out by themselves, nothing has to be finished.

    Cancelled until it ends, because a library may swallow a cancellation (asyncio.wait_for of Python 3.11 can).
    """
    task, stopped = asyncio.create_task(work), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)
    if not task.cancelled():
        task.result()


if __name__ == "__main__":
    sys.exit(main())
