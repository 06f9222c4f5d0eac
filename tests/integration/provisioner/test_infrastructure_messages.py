"""Desired in, observed out: the provisioner over real PostgreSQL and NATS, with a fake cloud."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pydantic import SecretStr
from sqlalchemy import text

from brb_provisioner.app import build_app, migrate, run_work
from brb_provisioner.models import SCHEMA, Base
from brb_provisioner.settings import ProvisionerSettings
from brb_provisioner.steps.scope import Equipment
from brb_shared.contracts.audit import Verdict
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from brb_shared.database.migrations import differences
from brb_shared.http import ServiceKey
from brb_shared.nkey import new_seed
from brb_shared.secrets import Keyring
from fakes.audit_reader import reading
from fakes.cloud import FakeCloud
from fakes.cloud_base import WallClock
from fakes.cloud_world import CLUSTER, FakeClouds, FakeProbe, desired
from fakes.hub import InfrastructureHub, infrastructure_hub, running


@pytest.fixture
async def settings(postgres_url: str, nats_url: str, tmp_path: Path) -> ProvisionerSettings:
    seed = new_seed()
    (tmp_path / "gateway.key").write_text(seed)
    gateway = ServiceKey.load(tmp_path / "gateway.key", Service.API_GATEWAY)
    (tmp_path / "public.json").write_text(json.dumps({Service.API_GATEWAY.value: gateway.public_nkey}))
    settings = ProvisionerSettings(
        database_url=SecretStr(postgres_url),
        nats_url=nats_url,
        service_public_keys_file=tmp_path / "public.json",
        poll_interval=timedelta(milliseconds=50),
        log_level="WARNING",
    )
    await migrate(settings)
    return settings


@pytest.fixture
def cloud() -> FakeCloud:
    cloud = FakeCloud(WallClock())
    cloud.boot = cloud.leave = timedelta(milliseconds=100)
    return cloud


@pytest.fixture
async def hub(nats_url: str) -> AsyncIterator[InfrastructureHub]:
    async with infrastructure_hub(nats_url) as hub:
        yield hub


@asynccontextmanager
async def provisioner(settings: ProvisionerSettings, cloud: FakeCloud) -> AsyncIterator[None]:
    equipment = Equipment(
        settings, FakeClouds(cloud), Keyring({"1": bytes(32)}, "1"), "ssh-ed25519 AAAA ca", FakeProbe(), cloud.clock.now
    )
    async with running(run_work(settings, equipment)):
        yield


async def test_desired_goes_in_and_observed_comes_out_until_nothing_is_left(
    settings: ProvisionerSettings, cloud: FakeCloud, hub: InfrastructureHub
) -> None:
    wanted = desired(workers=2)
    async with provisioner(settings, cloud):
        await hub.send(wanted, revision=1)
        ready = await hub.until(lambda observed: observed.ready)
        assert ready.initialized
        assert len(cloud.servers) == 3
        await hub.send(wanted.model_copy(update={"presence": Presence.ABSENT, "generation": 2}), revision=2)
        gone = await hub.until(lambda observed: observed.presence is Presence.ABSENT)
    assert gone.remaining == ()
    assert cloud.everything() == []
    assert hub.revisions == sorted(set(hub.revisions))


async def test_an_overtaken_desired_state_changes_nothing(
    settings: ProvisionerSettings, cloud: FakeCloud, hub: InfrastructureHub
) -> None:
    wide, small = desired(workers=2), desired(workers=1)
    async with provisioner(settings, cloud):
        await hub.send(small.model_copy(update={"generation": 2}), revision=2)
        await hub.until(lambda observed: observed.ready)
        await hub.send(wide, revision=1)
        await hub.send(small.model_copy(update={"generation": 3}), revision=3)
        await hub.until(lambda observed: observed.observed_generation == 3 and observed.ready)
    assert len(cloud.servers) == 2


async def test_a_process_that_died_is_followed_by_one_that_goes_on(
    settings: ProvisionerSettings, cloud: FakeCloud, hub: InfrastructureHub
) -> None:
    cloud.boot = timedelta(days=1)
    async with provisioner(settings, cloud):
        await hub.send(desired(), revision=1)
        await hub.until(lambda observed: len(observed.made) > 5)
    cloud.due = {name: cloud.clock.now() for name in cloud.due}
    async with provisioner(settings, cloud):
        await hub.until(lambda observed: observed.ready)
    assert len(cloud.servers) == 2


async def test_only_the_gateway_reads_a_clusters_ledger(
    settings: ProvisionerSettings, cloud: FakeCloud, hub: InfrastructureHub, tmp_path: Path
) -> None:
    app = build_app(settings)
    gateway = ServiceKey.load(tmp_path / "gateway.key", Service.API_GATEWAY)
    path = f"/internal/v1/clusters/{CLUSTER}/ledger"
    async with provisioner(settings, cloud), reading(settings.nats_url, Service.PROVISIONER) as audit:
        await hub.send(desired(), revision=1)
        await hub.until(lambda observed: observed.ready)
        async with app.router.lifespan_context(app), client_of(app) as client:
            refused = await client.get(path)
            answer = await client.get(path, headers=gateway.headers(Service.PROVISIONER))
        (denied,) = await audit.until(1)
    assert refused.status_code == 401
    assert (denied.decision, denied.target.resource, denied.target.cluster_id) == (
        Verdict.DENY,
        "clusters/resources",
        CLUSTER,
    )
    assert {entry["type"] for entry in answer.json()["entries"]} >= {"server", "network", "floating_ip"}
    assert {entry["state"] for entry in answer.json()["entries"]} == {"made"}


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://provisioner")


async def test_the_migrations_make_what_the_models_say(settings: ProvisionerSettings) -> None:
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.engine.connect() as connection:
        assert list(await connection.run_sync(differences, SCHEMA, Base.metadata)) == []
    await database.dispose()


async def test_no_secret_stands_in_the_database_in_clear(
    settings: ProvisionerSettings, cloud: FakeCloud, hub: InfrastructureHub
) -> None:
    cloud.boot = timedelta(days=1)
    async with provisioner(settings, cloud):
        await hub.send(desired(), revision=1)
        await hub.until(lambda observed: len(observed.made) > 5)
    configs = [yaml.safe_load(plan.user_data) for plan in cloud.plans.values()]
    keys = [config["ssh_keys"]["ed25519_private"].splitlines()[1] for config in configs]
    assert len(keys) == 2
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = (await connection.execute(text(f'SELECT t::text FROM {SCHEMA}."{table.name}" t'))).scalars().all()
            assert not [row for row in rows for key in keys if key in row], table.name
    await database.dispose()
