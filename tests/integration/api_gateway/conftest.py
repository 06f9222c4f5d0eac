"""The gateway over real PostgreSQL and NATS, with a fake cloud and, where asked for, fake workers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from brb_api_gateway.app import make_app
from brb_api_gateway.database import SCHEMA
from brb_api_gateway.settings import Settings
from brb_api_gateway.work import run_work
from brb_shared.contracts.registry import Service
from brb_shared.database import run_migrations
from brb_shared.http import ServiceKey
from brb_shared.messaging import Broker, NatsSettings
from brb_shared.nkey import new_seed
from brb_shared.secrets import new_keyring_line
from fakes.gateway_cloud import RIGHT_PASSWORD, WillingCloud
from fakes.workers import FakeWorkers


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


async def stop(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until they end: a library may swallow the first cancellation."""
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=2)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return Services(tmp_path)


@pytest.fixture
async def settings(postgres_url: str, nats_url: str, tmp_path: Path, services: Services) -> Settings:
    (tmp_path / "keyring").write_text(new_keyring_line("1"))
    (tmp_path / "clouds.yaml").write_text(
        "clouds:\n  test:\n    display_name: Test\n    auth_url: https://keystone.example/v3\n"
    )
    await run_migrations(postgres_url, "brb_api_gateway:migrations", SCHEMA)
    return Settings(
        database_url=SecretStr(postgres_url),
        nats_url=nats_url,
        keyring_file=tmp_path / "keyring",
        clouds_file=tmp_path / "clouds.yaml",
        service_key_file=services.folder / f"{Service.API_GATEWAY}.key",
        service_public_keys_file=services.public_keys_file,
        webhook_allowed_networks=("127.0.0.0/8",),
    )


@pytest.fixture
def cloud() -> WillingCloud:
    return WillingCloud()


@asynccontextmanager
async def running_app(settings: Settings, cloud: WillingCloud) -> AsyncIterator[FastAPI]:
    app = make_app(settings, cloud)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def app(settings: Settings, cloud: WillingCloud) -> AsyncIterator[FastAPI]:
    async with running_app(settings, cloud) as app:
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


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def alice(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        await sign_in(client, "alice")
        yield client


@pytest.fixture
async def bob(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        await sign_in(client, "bob")
        yield client


@pytest.fixture
async def work(settings: Settings, cloud: WillingCloud) -> AsyncIterator[None]:
    """The hub's work process."""
    task = asyncio.create_task(run_work(settings, cloud))
    yield
    await stop([task])


@pytest.fixture
async def work_later(settings: Settings, cloud: WillingCloud) -> AsyncIterator[Callable[[], None]]:
    """The hub's work process, begun when called."""
    tasks: list[asyncio.Task[None]] = []
    yield lambda: tasks.append(asyncio.create_task(run_work(settings, cloud)))
    await stop(tasks)


@pytest.fixture
async def workers(settings: Settings) -> AsyncIterator[FakeWorkers]:
    """A provisioner and an installer that do as they are told."""
    broker = Broker(NatsSettings(url=settings.nats_url), "fake-workers")
    await broker.connect()
    fakes = FakeWorkers(broker)
    tasks = [asyncio.create_task(subscription.run()) for subscription in fakes.subscriptions()]
    yield fakes
    await stop(tasks)
    await broker.close()
