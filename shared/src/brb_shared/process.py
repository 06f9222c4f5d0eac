"""A service's command line: `python -m brb_<service> migrate | serve | work`.

`serve` answers HTTP, `work` runs what `brb_shared.worker` describes; both come from the same package and settings.
"""

import argparse
import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import uvicorn
from fastapi import FastAPI

from brb_shared.settings import ServiceSettings

SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


@dataclass(frozen=True)
class Process(Generic[SettingsT]):
    """What the commands of a service are made of.

    `package` is its name as in `python -m`; `documents` are further commands, which print a text without settings, and
    `tasks` such as do something once, as `migrate` does.
    """

    package: str
    load_settings: Callable[[], SettingsT]
    migrate: Callable[[SettingsT], Coroutine[Any, Any, None]]
    build_app: Callable[[SettingsT], FastAPI]
    work: Callable[[SettingsT], Coroutine[Any, Any, None]]
    documents: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    tasks: Mapping[str, Callable[[SettingsT], Coroutine[Any, Any, None]]] = field(default_factory=dict)

    def main(self, arguments: list[str] | None = None) -> int:
        """Run the command named in `arguments` (those of the command line) until it is done or stopped."""
        parser = argparse.ArgumentParser(prog=f"python -m {self.package}")
        parser.add_argument("command", choices=["migrate", "serve", "work", *self.tasks, *self.documents])
        command = parser.parse_args(arguments).command
        if command in self.documents:
            print(self.documents[command](), end="")
            return 0
        settings = self.load_settings()
        match command:
            case "migrate":
                asyncio.run(self.migrate(settings))
            case "serve":
                app = self.build_app(settings)
                uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False)
            case "work":
                asyncio.run(until_stopped(self.work(settings)))
            case task:
                asyncio.run(self.tasks[task](settings))
        return 0


async def until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """SIGTERM and Ctrl-C end the process in order: leases run out by themselves, nothing has to be finished.

    Cancelled until it ends, because a library may swallow a cancellation (asyncio.wait_for of Python 3.11 can).
    """
    task, stopped = asyncio.create_task(work), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)
    if not task.cancelled():
        task.result()
