"""The gateway's application for tests: over the given settings and cloud, with clients that have signed in."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI

from brb_api_gateway.app import make_app
from brb_api_gateway.settings import Settings
from brb_api_gateway.work import run_work
from brb_shared.contracts.registry import Service
from brb_shared.http import ServiceKey
from brb_shared.messaging import Broker, NatsSettings
from brb_shared.nkey import new_seed
from brb_shared.testing.servers import NatsServer
from fakes.access import LocalAccess
from fakes.gateway_cloud import RIGHT_PASSWORD, WillingCloud


class Services:
    """Every service's key, and the file of their public keys."""

    def __init__(self, folder: Path) -> None:
        seeds = {service: new_seed() for service in Service}
        for service, seed in seeds.items():
            (folder / f"{service}.key").write_text(seed)
        self.folder = folder
        self.keys = {service: ServiceKey.load(folder / f"{service}.key", service) for service in Service}
        self.public_keys_file = folder / "public.json"
        self.public_keys_file.write_text(json.dumps({name: key.public_nkey for name, key in self.keys.items()}))

    async def connect(self, server: NatsServer, service: Service) -> Broker:
        """With the service's own login."""
        broker = Broker(NatsSettings(url=server.url, nkey_seed_file=self.folder / f"{service}.key"), service)
        await broker.connect()
        return broker


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until they end: a library may swallow the first cancellation."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=2)


@asynccontextmanager
async def running_app(
    settings: Settings, cloud: WillingCloud, access: LocalAccess | None = None
) -> AsyncIterator[FastAPI]:
    app = make_app(settings, cloud, (access or LocalAccess()).gate)
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway", timeout=30) as client:
        yield client


async def sign_in(client: httpx.AsyncClient, username: str) -> None:
    body = {"auth": {"method": "password", "username": username, "password": RIGHT_PASSWORD}}
    answer = await client.post("/v1/sessions", json=body)
    assert answer.status_code == 201, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"


@asynccontextmanager
async def working(settings: Settings, cloud: WillingCloud, access: LocalAccess | None = None) -> AsyncIterator[None]:
    """The hub's work process."""
    task = asyncio.create_task(run_work(settings, cloud, access or LocalAccess()))
    try:
        yield
    finally:
        await stop([task])
