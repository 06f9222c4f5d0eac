"""authz over real PostgreSQL; tests that need NATS start the work process on one of their own."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from brb_authz.app import migrate
from brb_authz.settings import Settings
from brb_shared.contracts.registry import Service
from brb_shared.messaging.permissions import render_nats_config
from brb_shared.testing.servers import NatsServer, PostgresServer
from fakes.authz import ADMIN, NO_NATS, People, client_of, running_authz
from fakes.gateway import Services


@asynccontextmanager
async def new_database(server: PostgresServer, template: str = "template1") -> AsyncIterator[str]:
    """Its name."""
    name = f"authz_{uuid.uuid4().hex[:12]}"
    await run(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield name
    await run(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def run(server: PostgresServer, statement: str) -> None:
    connection = await asyncpg.connect(host="127.0.0.1", port=server.port, user="postgres", database="postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def settings_for(url: str, services: Services) -> Settings:
    return Settings(
        database_url=SecretStr(url),
        nats_url=NO_NATS,
        service_key_file=services.folder / f"{Service.AUTHZ}.key",
        service_public_keys_file=services.public_keys_file,
        platform_admins=(f"user:{ADMIN}",),
        min_revision_wait_seconds=0.3,
        materialisation_wait_seconds=5,
        log_level="WARNING",
    )


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder: Path = tmp_path_factory.mktemp("services")
    return Services(folder)


@pytest.fixture(scope="session")
async def migrated(postgres_server: PostgresServer, services: Services) -> AsyncIterator[str]:
    """A database as `migrate` leaves it, to be copied: a migration for each test would take most of the time."""
    async with new_database(postgres_server) as name:
        await migrate(settings_for(postgres_server.url(name), services))
        yield name


@pytest.fixture(scope="module")
def nats_with_logins(services: Services) -> Iterator[NatsServer]:
    """The logins of production: each service may use its own subjects only."""
    server = NatsServer(render_nats_config({service.value: key.public_nkey for service, key in services.keys.items()}))
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def settings(postgres_server: PostgresServer, migrated: str, services: Services) -> AsyncIterator[Settings]:
    async with new_database(postgres_server, migrated) as name:
        yield settings_for(postgres_server.url(name), services)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running_authz(settings) as app:
        yield app


@pytest.fixture
async def people(app: FastAPI, services: Services) -> AsyncIterator[People]:
    async with client_of(app) as client:
        yield People(client, services.keys)


@pytest.fixture(scope="module")
async def shared_people(postgres_server: PostgresServer, migrated: str, services: Services) -> AsyncIterator[People]:
    """One service for all tests of a module that only ask."""
    async with new_database(postgres_server, migrated) as name:
        settings = settings_for(postgres_server.url(name), services)
        async with running_authz(settings) as app, client_of(app) as client:
            yield People(client, services.keys)
