"""Clusters made in batches, with a line of progress every few seconds, and lists taken of them meanwhile."""

import asyncio
import os
import time
from dataclasses import dataclass

import asyncpg
from sqlalchemy.engine import make_url

from bench.scale.client import Client, Times
from bench.scale.platform import Platform

_POLL_SECONDS = 0.5
_TELL_SECONDS = 10.0
_LIST_PAUSE_SECONDS = 0.5
_READY = "SELECT count(*) FILTER (WHERE state = 'Ready'), count(*) FROM api_gateway.clusters"


class NotReadyInTime(Exception):
    """The clusters were not Ready within the time they had."""


@dataclass(frozen=True)
class Batch:
    """`seconds`: from the first request to the last cluster's Ready; `asking_seconds`: until all were answered."""

    clusters: int
    seconds: float
    asking_seconds: float


async def make(client: Client, platform: Platform, prefix: str, count: int, within_seconds: float) -> Batch:
    """Raises NotReadyInTime, ProcessEnded."""
    database = await asyncpg.connect(
        make_url(platform.database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    try:
        before = (await database.fetchrow(_READY))[0]
        began = time.monotonic()
        asking = await client.create([f"{prefix}-{number}" for number in range(count)])
        await _until_ready(database, platform, before + count, began, within_seconds)
        return Batch(count, time.monotonic() - began, asking)
    finally:
        await database.close()


async def make_while_listing(
    client: Client, platform: Platform, prefix: str, count: int, within_seconds: float, path: str
) -> tuple[Batch, Times]:
    """The list is asked for every half second."""
    times = Times()

    async def list_on_and_on() -> None:
        while True:
            times.taken.append(await client.time_get(path))
            await asyncio.sleep(_LIST_PAUSE_SECONDS)

    listing = asyncio.create_task(list_on_and_on())
    try:
        batch = await make(client, platform, prefix, count, within_seconds)
    finally:
        listing.cancel()
        await asyncio.gather(listing, return_exceptions=True)
    return batch, times


async def _until_ready(
    database: "asyncpg.Connection", platform: Platform, wanted: int, began: float, within_seconds: float
) -> None:
    told = 0.0
    while True:
        ready, all_ = await database.fetchrow(_READY)
        elapsed = time.monotonic() - began
        if ready >= wanted:
            return
        if elapsed > within_seconds:
            raise NotReadyInTime(f"{ready} of {all_} clusters Ready after {elapsed:.0f} s")
        if elapsed - told > _TELL_SECONDS:
            told = elapsed
            print(f"  {elapsed:5.0f} s  {ready} of {all_} Ready   (load {os.getloadavg()[0]:.1f})", flush=True)
            platform.require_running()
        await asyncio.sleep(_POLL_SECONDS)
