"""What grows old is removed, and the migrations make what the models say."""

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from brb_api_gateway.container import Container
from brb_api_gateway.database import SCHEMA
from brb_api_gateway.housekeeping import Housekeeping
from brb_api_gateway.models import Base
from brb_shared.database.migrations import differences


async def execute(container: Container, statement: str) -> None:
    async with container.database.sessions.begin() as session:
        await session.execute(text(statement))


async def count(container: Container, table: str) -> int:
    async with container.database.sessions() as session:
        found: int = (await session.execute(text(f"SELECT count(*) FROM api_gateway.{table}"))).scalar_one()
    return found


async def test_the_record_of_a_deleted_cluster_is_kept_for_its_time_and_no_longer(
    alice: httpx.AsyncClient, app: FastAPI
) -> None:
    container: Container = app.state.container
    housekeeping = Housekeeping(container.database, container.settings, container.credentials)
    created = await alice.post("/v1/clusters", json={"name": "x"}, headers={"Idempotency-Key": "k"})
    path = created.headers["Location"]
    await execute(container, "UPDATE api_gateway.clusters SET deleted_at = now() - interval '29 days'")
    await housekeeping.reconcile()
    assert (await alice.get(path)).status_code == 404
    assert (await alice.get(f"{path}/events")).status_code == 200
    await execute(container, "UPDATE api_gateway.clusters SET deleted_at = now() - interval '31 days'")
    await housekeeping.reconcile()
    assert (await alice.get(f"{path}/events")).status_code == 404
    assert await count(container, "events") == 0


async def test_sessions_keys_and_changes_go_when_they_are_old(alice: httpx.AsyncClient, app: FastAPI) -> None:
    container: Container = app.state.container
    await alice.post("/v1/clusters", json={"name": "x"}, headers={"Idempotency-Key": "k"})
    await Housekeeping(container.database, container.settings, container.credentials).reconcile()
    tables = ("sessions", "idempotency_keys", "changes")
    assert [await count(container, table) > 0 for table in tables] == [True, True, True]
    await execute(container, "UPDATE api_gateway.sessions SET expires_at = now() - interval '1 minute'")
    await execute(container, "UPDATE api_gateway.idempotency_keys SET created_at = now() - interval '25 hours'")
    await execute(container, "UPDATE api_gateway.changes SET at = now() - interval '66 minutes'")
    await Housekeeping(container.database, container.settings, container.credentials).reconcile()
    assert [await count(container, table) for table in tables] == [0, 0, 0]


async def test_the_migrations_make_what_the_models_say(app: FastAPI) -> None:
    container: Container = app.state.container
    async with container.database.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: list(differences(sync, SCHEMA, Base.metadata)))
    assert found == []
