"""`python -m brb_provisioner migrate | serve | work`."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import uvicorn

from brb_provisioner.app import build_app, load_settings, migrate, work


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m brb_provisioner")
    parser.add_argument("command", choices=["migrate", "serve", "work"])
    command = parser.parse_args().command
    settings = load_settings()
    match command:
        case "migrate":
            asyncio.run(migrate(settings))
        case "serve":
            app = build_app(settings)
            uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False)
        case "work":
            asyncio.run(_until_stopped(work(settings)))
    return 0


async def _until_stopped(work_: Coroutine[Any, Any, None]) -> None:
    """SIGTERM ends the process in order: leases run out by themselves, nothing has to be finished."""
    task = asyncio.create_task(work_)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


if __name__ == "__main__":
    sys.exit(main())
