"""Whether a machine's port opens, asked anew soon.

The network drops what is sent to a machine that is not plugged in yet. TCP sends its first packet again after 1, 3 and
7 seconds (RFC 6298): a machine that is there after 2 would be noticed after 3.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

_KNOCKS = 6
_AGAIN_SECONDS = 0.5


class Knocking:
    """`asking`: what is under way. An asking is never cancelled: a jump host would open its channel for nobody."""

    def __init__(self) -> None:
        self.asking: set[asyncio.Task[None]] = set()

    async def until_open(self, connect: Callable[[], Awaitable[tuple[Any, Any]]]) -> None:
        """`connect`: to a reader and a writer, as `asyncio.open_connection`. Raises what the first to end raises."""
        mine: set[asyncio.Task[None]] = set()
        while True:
            if len(mine) < _KNOCKS:
                mine.add(self._ask(connect))
            ended, _ = await asyncio.wait(mine, timeout=_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if ended:
                return ended.pop().result()

    def _ask(self, connect: Callable[[], Awaitable[tuple[Any, Any]]]) -> asyncio.Task[None]:
        task = asyncio.create_task(_open(connect))
        self.asking.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[None]) -> None:
        self.asking.discard(task)
        if not task.cancelled():
            task.exception()  # seen: of those that come too late nobody asks


async def _open(connect: Callable[[], Awaitable[tuple[Any, Any]]]) -> None:
    _, writer = await connect()
    writer.close()
