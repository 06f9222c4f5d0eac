"""The hub's process killed, PostgreSQL restarted, in the middle of things: it converges and nothing is doubled."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from brb_api_gateway.settings import Settings
from brb_shared.testing.servers import PostgresServer
from fakes.events import ServerEvent, until, watching
from fakes.gateway_cloud import WillingCloud
from fakes.served import serving
from fakes.workers import FakeWorkers


def is_ready(event: ServerEvent) -> bool:
    return event.name == "cluster" and event.state == "Ready"


@pytest.fixture
async def live(app: FastAPI, alice: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(app, headers=dict(alice.headers)) as client:
        yield client


def environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "BRB_DATABASE_URL": settings.database_url.get_secret_value(),
        "BRB_NATS_URL": settings.nats_url,
        "BRB_KEYRING_FILE": str(settings.keyring_file),
        "BRB_CLOUDS_FILE": str(settings.clouds_file),
        "BRB_SERVICE_KEY_FILE": str(settings.service_key_file),
    }


@asynccontextmanager
async def work_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """The hub as it runs in production; killed with -9 at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "brb_api_gateway",
        "work",
        env=environment(settings),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_hub_killed_again_and_again_ends_in_one_ready_cluster(
    live: httpx.AsyncClient, settings: Settings, workers: FakeWorkers
) -> None:
    created = (await live.post("/v1/clusters", json={"name": "x"})).json()
    async with watching(live, "/v1/watch/clusters") as events:
        for _ in range(2):
            async with work_process(settings):
                await until(events, lambda event: event.name == "cluster" and event.data["type"] == "MODIFIED")
    async with work_process(settings), watching(live, "/v1/watch/clusters") as events:
        await until(events, is_ready, seconds=150)
    provisioner = workers.pairs[created["metadata"]["id"]].provisioner
    assert sorted(provisioner.made) == sorted(set(provisioner.made))
    assert len(provisioner.machines) == 3


@pytest.mark.usefixtures("work", "workers")
async def test_a_restarted_postgresql_is_waited_for(live: httpx.AsyncClient, postgres_server: PostgresServer) -> None:
    async with watching(live, "/v1/watch/clusters") as events:
        await live.post("/v1/clusters", json={"name": "x"})
        await until(events, lambda event: event.name == "cluster" and event.data["type"] == "MODIFIED")
        await asyncio.to_thread(postgres_server.stop)
        during = await live.get("/v1/clusters")
        assert (during.status_code, during.json()["code"]) == (503, "database_unavailable")
        await asyncio.to_thread(postgres_server.start)
        await until(events, is_ready, seconds=90)
    assert (await live.get("/v1/clusters")).json()["items"][0]["status"]["state"] == "Ready"


async def test_a_hub_that_is_asked_to_stop_stops(settings: Settings, cloud: WillingCloud) -> None:
    async with work_process(settings) as process:
        await asyncio.sleep(0)
        assert process.returncode is None
        async with asyncio.timeout(30):
            process.terminate()
            await process.wait()
