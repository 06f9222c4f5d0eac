"""Reading server-sent events from the gateway, and waiting for what they tell."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class ServerEvent:
    name: str
    id: str
    data: dict[str, Any]

    @property
    def state(self) -> str:
        return str(self.data.get("object", {}).get("status", {}).get("state", ""))


@asynccontextmanager
async def watching(
    client: httpx.AsyncClient, path: str, *, last_event_id: str | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[AsyncIterator[ServerEvent]]:
    after = {"Last-Event-ID": last_event_id} if last_event_id else {}
    async with client.stream("GET", path, headers={**(headers or {}), **after}) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield _events(answer)


async def until(
    events: AsyncIterator[ServerEvent], is_it: Callable[[ServerEvent], bool], seconds: float = 60
) -> list[ServerEvent]:
    """All events up to and with the first that is it."""
    seen: list[ServerEvent] = []
    async with asyncio.timeout(seconds):
        async for event in events:
            seen.append(event)
            if is_it(event):
                return seen
    raise AssertionError(f"the stream ended without it, after {seen}")


async def _events(answer: httpx.Response) -> AsyncIterator[ServerEvent]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line and not line.startswith(":"):
            key, _, value = line.partition(": ")
            fields[key] = value
        elif not line and "data" in fields:
            yield ServerEvent(fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"]))
            fields = {}
