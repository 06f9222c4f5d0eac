"""The example subscriber runs as it is, and replays."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from brb_api_gateway.settings import Settings

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "subscriber.py"


@asynccontextmanager
async def subscriber(url: str, *options: str) -> AsyncIterator[asyncio.StreamReader]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLE), "--url", url, *options, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.kill()
        await process.wait()


async def read_event(lines: asyncio.StreamReader) -> dict[str, Any]:
    async with asyncio.timeout(30):
        event: dict[str, Any] = json.loads(await lines.readline())
    return event


@pytest.mark.usefixtures("work")
async def test_it_replays_from_a_sequence_and_from_a_time(alice: httpx.AsyncClient, settings: Settings) -> None:
    for name in ("x", "y"):
        await alice.post("/v1/clusters", json={"name": name})
    await _until_published(settings, 2)
    async with subscriber(settings.nats_url, "--sequence", "1") as lines:
        first, second = await read_event(lines), await read_event(lines)
    assert [first["data"]["reason"], second["data"]["reason"]] == ["ClusterCreated", "ClusterCreated"]
    assert second["sequence"] == 2
    async with subscriber(settings.nats_url, "--sequence", "2") as lines:
        assert (await read_event(lines))["id"] == second["id"]
    async with subscriber(settings.nats_url, "--since", first["time"], "--cluster", second["subject"]) as lines:
        assert (await read_event(lines))["id"] == second["id"]


async def _until_published(settings: Settings, count: int) -> None:
    async with subscriber(settings.nats_url, "--sequence", "1") as lines:
        for _ in range(count):
            await read_event(lines)
