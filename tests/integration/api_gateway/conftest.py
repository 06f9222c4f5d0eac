"""The gateway over real PostgreSQL and NATS, with a fake cloud and, where asked for, fake workers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
from blockbuster import blockbuster_ctx
from fastapi import FastAPI
from pydantic import SecretStr

from brb_api_gateway.authorization.authz import AuthzClient
from brb_api_gateway.database import SCHEMA
from brb_api_gateway.settings import Settings
from brb_api_gateway.work import run_work
from brb_authz.app import migrate
from brb_authz.settings import Settings as AuthzSettings
from brb_shared.access.model import PLATFORM, Subject, SubjectKind
from brb_shared.contracts.registry import Service
from brb_shared.database import run_migrations
from brb_shared.messaging import Broker, NatsSettings
from brb_shared.secrets import new_keyring_line
from fakes.access import LocalAccess
from fakes.authz import NO_NATS, running_authz
from fakes.authz import client_of as authz_client
from fakes.gateway import Services, client_of, running_app, sign_in, stop
from fakes.gateway_cloud import WillingCloud
from fakes.workers import FakeWorkers


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
        dns_url="http://127.0.0.1:9",  # the zone's stage is asked for; nothing asks its API in these tests
        webhook_retry_seconds=(0.01, 0.01),
        webhook_allowed_networks=("127.0.0.0/8",),
    )


@pytest.fixture
def cloud() -> WillingCloud:
    return WillingCloud()


@pytest.fixture
def access() -> LocalAccess:
    return LocalAccess()


@pytest.fixture
def nothing_blocks(settings: Settings) -> Iterator[None]:
    """A sleep, a socket or a lock that blocks the event loop raises. After the migrations: they have a thread."""
    with blockbuster_ctx(["brb_api_gateway", "brb_shared"], excluded_modules=["brb_shared.testing"]) as guard:
        for name in guard.functions:
            if name.startswith(("os.", "io.")):
                guard.functions[name].deactivate()  # libraries import late and look for password files
        yield


@pytest.fixture
async def app(
    settings: Settings, cloud: WillingCloud, access: LocalAccess, nothing_blocks: None
) -> AsyncIterator[FastAPI]:
    async with running_app(settings, cloud, access) as app:
        yield app


@pytest.fixture
async def authz(app: FastAPI, postgres_url: str, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """authz beside the gateway, which passes on to it; bob is a platform administrator there."""
    settings = AuthzSettings(
        database_url=SecretStr(postgres_url),
        nats_url=NO_NATS,
        service_public_keys_file=Path(services.public_keys_file),
        platform_admins=("user:user-bob",),
        log_level="WARNING",
    )
    await migrate(settings)
    async with running_authz(settings) as authz_app, authz_client(authz_app) as client:
        app.state.authz = AuthzClient(client, services.keys[Service.API_GATEWAY])
        yield client


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
async def admin(app: FastAPI, access: LocalAccess) -> AsyncIterator[httpx.AsyncClient]:
    """Carol, an administrator of the platform."""
    access.bind("platform-admin", Subject(SubjectKind.USER, "user-carol"), PLATFORM)
    async with client_of(app) as client:
        await sign_in(client, "carol")
        yield client


@pytest.fixture
async def work(settings: Settings, cloud: WillingCloud, access: LocalAccess) -> AsyncIterator[None]:
    """The hub's work process."""
    task = asyncio.create_task(run_work(settings, cloud, access))
    yield
    await stop([task])


@pytest.fixture
async def work_later(settings: Settings, cloud: WillingCloud, access: LocalAccess) -> AsyncIterator[Callable[[], None]]:
    """The hub's work process, begun when called."""
    tasks: list[asyncio.Task[None]] = []
    yield lambda: tasks.append(asyncio.create_task(run_work(settings, cloud, access)))
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
