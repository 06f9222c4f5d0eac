"""Migrations and a PostgreSQL that is not there yet, or never will be."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy.exc import DBAPIError

from brb_authz.models import SCHEMA
from brb_shared.database import run_migrations
from brb_shared.testing.servers import PostgresServer

MIGRATIONS = "brb_authz:migrations"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


async def test_a_server_that_comes_later_is_waited_for(server: PostgresServer) -> None:
    server.stop()
    migrating = asyncio.create_task(run_migrations(server.url(), MIGRATIONS, SCHEMA))
    await asyncio.sleep(0.5)
    assert not migrating.done()
    await asyncio.to_thread(server.start)
    async with asyncio.timeout(30):
        await migrating


async def test_a_database_that_does_not_exist_is_not_waited_for(server: PostgresServer) -> None:
    async with asyncio.timeout(10):
        with pytest.raises(DBAPIError, match="does not exist"):
            await run_migrations(server.url("missing"), MIGRATIONS, SCHEMA)


async def test_a_server_that_never_comes_ends_in_its_error(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brb_shared.database.migrations._SERVER_WAIT_SECONDS", 0.5)
    server.stop()
    with pytest.raises(OSError, match="onnect"):
        await run_migrations(server.url(), MIGRATIONS, SCHEMA)
