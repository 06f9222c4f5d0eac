"""A user of the gateway: over HTTP, one connection at a time, bodies read and not parsed where time is taken."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import aiohttp

from fakes.gateway_cloud import RIGHT_PASSWORD

_TIMEOUT = aiohttp.ClientTimeout(total=60)
_POSTS_AT_ONCE = 8
_POOLS = (
    {"name": "cp", "control_plane_role": True, "quantity": 1},
    {"name": "workers", "worker_role": True, "quantity": 4},
)


@dataclass
class Times:
    """Of one kind of request, in milliseconds."""

    taken: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        return median(self.taken)

    @property
    def p95(self) -> float:
        return quantiles(self.taken, n=20, method="inclusive")[-1] if len(self.taken) > 1 else self.taken[0]

    def __str__(self) -> str:
        return f"p50 {self.p50:7.1f} ms   p95 {self.p95:7.1f} ms   ({len(self.taken)} times)"


class Client:
    """`http` is signed in."""

    def __init__(self, gateway: str, http: aiohttp.ClientSession) -> None:
        self.gateway = gateway
        self.http = http

    async def create(self, names: list[str]) -> float:
        """One control plane and four workers each, a few requests at a time; the seconds until all are answered."""
        slots, began = asyncio.Semaphore(_POSTS_AT_ONCE), time.monotonic()

        async def one(name: str) -> None:
            async with slots:
                await self._send(
                    "POST", "/v1/clusters", {"metadata": {"name": name}, "spec": {"machine_pools": _POOLS}}
                )

        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(one(name))
        return time.monotonic() - began

    async def label(self, cluster_id: str, value: str) -> None:
        """A change that asks nothing of the workers."""
        body = {"metadata": {"labels": {"bench": value}}}
        await self._send("PATCH", f"/v1/clusters/{cluster_id}", body, {"If-Match": "*"})

    async def time_get(self, url: str) -> float:
        """Milliseconds until the whole answer is there."""
        began = time.perf_counter()
        async with self.http.get(url) as answer:
            await answer.read()
            answer.raise_for_status()
        return (time.perf_counter() - began) * 1000

    async def time_gets(self, url: str, times: int) -> Times:
        return Times([await self.time_get(url) for _ in range(times)])

    async def get(self, path: str) -> Any:
        async with self.http.get(path) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def _send(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        async with self.http.request(method, path, json=body, headers=headers) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path} answered {answer.status}: {await answer.text()}")
            return await answer.json()


@asynccontextmanager
async def signed_in(gateway: str) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession(gateway, timeout=_TIMEOUT) as http:
        body = {"auth": {"method": "password", "username": "alice", "password": RIGHT_PASSWORD}}
        async with http.post("/v1/sessions", json=body) as answer:
            answer.raise_for_status()
            http.headers["Authorization"] = f"Bearer {(await answer.json())['token']}"
        yield Client(gateway, http)
