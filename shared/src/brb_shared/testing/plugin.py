"""pytest fixtures: one PostgreSQL and one NATS for the session, a fresh database for each test that asks."""

import signal
import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from brb_shared.testing.servers import NatsServer, PostgresServer


def pytest_configure() -> None:
    """Programs that tests start are to hear Ctrl-C, also where the tests run in the background of a shell.

    Such a shell has SIGINT ignored, and who is begun with it ignored passes that on.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    server = NatsServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def own_nats_server() -> Iterator[NatsServer]:
    """A NATS of this test's own: to wipe, to kill, or to have no other test's streams in it."""
    server = NatsServer()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def nats_url(own_nats_server: NatsServer) -> str:
    return own_nats_server.url


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The URL of a fresh, empty database, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await _run(postgres_server, f'CREATE DATABASE "{name}"')
    yield postgres_server.url(name)
    await _run(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _run(server: PostgresServer, statement: str) -> None:
    connection = await asyncpg.connect(host="127.0.0.1", port=server.port, user="postgres", database="postgres")
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
