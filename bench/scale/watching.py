"""Watchers of all clusters, each on a connection of its own, and how long a change takes to the last of them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from bench.scale.client import Client, Times

_OPEN_SECONDS, _CHANGE_SECONDS = 120.0, 30.0
_FOR_EVER = aiohttp.ClientTimeout(total=None)
_LONGEST_LINE = 1 << 20


class Watchers:
    """`seen` counts, for each mark, the watchers whose stream has told of it."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._open = 0
        self._seen: dict[bytes, int] = {}
        self._changed = asyncio.Condition()

    async def follow(self, http: aiohttp.ClientSession, after: str) -> None:
        async with http.get(
            "/v1/watch/clusters", params={"last_event_id": after}, timeout=_FOR_EVER, read_bufsize=_LONGEST_LINE
        ) as stream:
            stream.raise_for_status()
            async for line in stream.content:
                await self._take(line)

    async def all_open(self) -> None:
        async with asyncio.timeout(_OPEN_SECONDS), self._changed:
            await self._changed.wait_for(lambda: self._open >= self._count)

    async def all_have(self, mark: bytes) -> None:
        async with asyncio.timeout(_CHANGE_SECONDS), self._changed:
            await self._changed.wait_for(lambda: self._seen.get(mark, 0) >= self._count)

    async def _take(self, line: bytes) -> None:
        if line.startswith(b"event: bookmark"):
            await self._count_up(opened=1)
        elif line.startswith(b"data:") and (at := line.find(b'"bench":"')) >= 0:
            mark = line[at + 9 : line.index(b'"', at + 9)]
            self._seen[mark] = self._seen.get(mark, 0) + 1
            await self._count_up(opened=0)

    async def _count_up(self, opened: int) -> None:
        async with self._changed:
            self._open += opened
            self._changed.notify_all()


async def time_fanout(client: Client, cluster_id: str, watchers: int, changes: int) -> Times:
    """From sending a change of a label to the last watcher's line about it."""
    times = Times()
    async with _watching(client, await _newest_id(client, cluster_id), watchers) as seen:
        for number in range(changes):
            mark = f"w{watchers}-{number}"
            began = time.perf_counter()
            await client.label(cluster_id, mark)
            await seen.all_have(mark.encode())
            times.taken.append((time.perf_counter() - began) * 1000)
    return times


@asynccontextmanager
async def _watching(client: Client, after: str, count: int) -> AsyncIterator[Watchers]:
    watchers = Watchers(count)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(client.gateway, connector=connector, headers=client.http.headers) as http:
        tasks = [asyncio.create_task(watchers.follow(http, after)) for _ in range(count)]
        try:
            await watchers.all_open()
            yield watchers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _newest_id(client: Client, cluster_id: str) -> str:
    """An id to watch from, so that nobody is told first of all that is there."""
    async with client.http.get(f"/v1/clusters/{cluster_id}/watch", timeout=_FOR_EVER) as stream:
        stream.raise_for_status()
        last = ""
        async for line in stream.content:
            if line.startswith(b"id:"):
                last = line[3:].decode().strip()
            if line.startswith(b"event: bookmark") and last:
                return last
    raise RuntimeError("The watch ended before its bookmark")
