"""Desired in, observed out: the installer over real PostgreSQL and NATS, with fake machines."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pydantic import SecretStr
from sqlalchemy import text

from brb_installer.app import build_app, migrate, run_work
from brb_installer.models import SCHEMA, Base
from brb_installer.settings import Settings
from brb_installer.tools import Tools
from brb_shared.contracts.audit import Verdict
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from brb_shared.database.migrations import differences
from brb_shared.http import ServiceKey
from brb_shared.http.audit import digest
from brb_shared.nkey import new_seed
from fakes.audit_reader import reading
from fakes.hub import KubernetesHub, kubernetes_hub, running
from fakes.node import FailingKubeadmNode
from fakes.node_installation import CLUSTER_ID, Installation, desired, machine, node_of


@pytest.fixture
async def settings(postgres_url: str, nats_url: str, tmp_path: Path) -> Settings:
    (tmp_path / "gateway.key").write_text(new_seed())
    gateway = ServiceKey.load(tmp_path / "gateway.key", Service.API_GATEWAY)
    (tmp_path / "public.json").write_text(json.dumps({Service.API_GATEWAY.value: gateway.public_nkey}))
    settings = Settings(
        database_url=SecretStr(postgres_url),
        nats_url=nats_url,
        service_public_keys_file=tmp_path / "public.json",
        poll_seconds=0.05,
        log_level="WARNING",
    )
    await migrate(settings)
    return settings


@pytest.fixture
def installation() -> Installation:
    """Fake machines and a fake cluster; its in-memory records are not used here."""
    return Installation()


@pytest.fixture
async def hub(nats_url: str) -> AsyncIterator[KubernetesHub]:
    async with kubernetes_hub(nats_url) as hub:
        yield hub


@asynccontextmanager
async def installer(settings: Settings, installation: Installation) -> AsyncIterator[Tools]:
    tools = replace(Installation(installation.machines).tools, settings=settings)
    tools = replace(tools, nodes=installation.nodes, apis=installation.apis)
    async with running(run_work(settings, tools)):
        yield tools


def boot(installation: Installation, *names: str) -> None:
    installation.machines += [node_of(machine(name)) for name in names]


async def test_a_cluster_is_made_told_and_forgotten(
    settings: Settings, installation: Installation, hub: KubernetesHub
) -> None:
    names = ("cp-0", "cp-1", "cp-2", "w-0", "w-1")
    boot(installation, *names)
    async with installer(settings, installation):
        await hub.send(desired(map(machine, names)), revision=1)
        ready = await hub.until(lambda observed: observed.ready)
        await hub.send(desired([], generation=2, presence=Presence.ABSENT), revision=2)
        gone = await hub.until(lambda observed: observed.presence is Presence.ABSENT)
    assert sorted(node.name for node in ready.nodes) == sorted(names)
    assert (gone.observed_generation, gone.initialized) == (2, False)
    assert hub.revisions == sorted(set(hub.revisions))
    assert {"MachineReached", "KubernetesInitialized", "StepDone"} <= {happened.reason for happened in hub.timeline}
    assert {happened.stage for happened in hub.timeline} == {"kubernetes"}


async def test_an_overtaken_desired_state_changes_nothing(
    settings: Settings, installation: Installation, hub: KubernetesHub
) -> None:
    boot(installation, "cp-0", "w-0")
    async with installer(settings, installation):
        await hub.send(desired([machine("cp-0")], generation=2), revision=2)
        await hub.until(lambda observed: observed.ready)
        await hub.send(desired(map(machine, ("cp-0", "w-0"))), revision=1)
        await hub.send(desired([machine("cp-0")], generation=3), revision=3)
        observed = await hub.until(lambda observed: observed.observed_generation == 3 and observed.ready)
    assert [node.name for node in observed.nodes] == ["cp-0"]


async def test_a_process_that_died_is_followed_by_one_that_goes_on(
    settings: Settings, installation: Installation, hub: KubernetesHub
) -> None:
    boot(installation, "cp-0", "w-0")
    async with installer(settings, installation):
        await hub.send(desired(map(machine, ("cp-0", "w-0"))), revision=1)
        await hub.until(lambda observed: True)
    async with installer(settings, installation):
        observed = await hub.until(lambda observed: observed.ready)
    assert len(observed.nodes) == 2


async def test_a_failing_step_is_told_with_its_code_and_its_output_is_kept(
    settings: Settings, installation: Installation, hub: KubernetesHub, tmp_path: Path
) -> None:
    installation.machines.append(node_of(machine("cp-0"), FailingKubeadmNode))
    async with installer(settings, installation) as tools:
        await hub.send(desired([machine("cp-0")]), revision=1)
        failed = await hub.until(lambda observed: any(condition.code for condition in observed.conditions))
        await hub.until(lambda observed: observed.ready)
    assert ErrorCode.KUBERNETES_STEP_FAILED in {condition.code for condition in failed.conditions}
    runs, output = await read_runs(settings, tools, tmp_path)
    assert [run["exit_code"] for run in runs if run["step"] == "init"] == [0, 1, 1]
    assert "the API server is not healthy" in output


async def read_runs(settings: Settings, tools: Tools, folder: Path) -> tuple[list[dict[str, Any]], str]:
    """All runs, newest first, and the output of the oldest init."""
    app = build_app(settings, tools)
    headers = ServiceKey.load(folder / "gateway.key", Service.API_GATEWAY).headers(Service.INSTALLER)
    base = f"/internal/v1/clusters/{CLUSTER_ID}/runs"
    async with app.router.lifespan_context(app), client_of(app) as client:
        assert (await client.get(base)).status_code == 401
        runs: list[dict[str, Any]] = (await client.get(base, headers=headers)).json()["items"]
        oldest = [run["id"] for run in runs if run["step"] == "init"][-1]
        detail = await client.get(f"{base}/{oldest}", headers=headers)
        assert (await client.get(f"{base}/nothing", headers=headers)).status_code == 404
    return runs, detail.json()["output"]


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://installer")


async def test_a_caller_gets_a_kubeconfig_of_its_own(
    settings: Settings, installation: Installation, hub: KubernetesHub, tmp_path: Path
) -> None:
    boot(installation, "cp-0")
    async with installer(settings, installation) as tools:
        await hub.send(desired([machine("cp-0")]), revision=1)
        await hub.until(lambda observed: observed.ready)
    key = ServiceKey.load(tmp_path / "gateway.key", Service.API_GATEWAY)
    wanted = {"user_id": "u-1", "groups": [f"brb:cluster-owner:{CLUSTER_ID}"], "ttl_seconds": 600}
    app, url = build_app(settings, tools), f"/internal/v1/clusters/{CLUSTER_ID}/kubeconfigs"
    async with app.router.lifespan_context(app), client_of(app) as client:
        mine = await client.post(url, json=wanted, headers=key.headers(Service.INSTALLER, "u-1"))
        anothers = await client.post(url, json=wanted, headers=key.headers(Service.INSTALLER, "u-2"))
        masters = {**wanted, "groups": ["system:masters"]}
        refused = await client.post(url, json=masters, headers=key.headers(Service.INSTALLER, "u-1"))
        unknown = await client.post(
            "/internal/v1/clusters/c-unknown/kubeconfigs", json=wanted, headers=key.headers(Service.INSTALLER, "u-1")
        )
    assert [mine.status_code, anothers.status_code, refused.status_code, unknown.status_code] == [201, 403, 422, 404]
    document = yaml.safe_load(mine.json()["kubeconfig"])
    assert document["clusters"][0]["cluster"]["server"] == "https://203.0.113.10:6443"
    assert document["users"][0]["name"] == "brb:user:u-1"


async def test_access_handed_out_and_access_refused_reach_the_audit_log(
    settings: Settings, installation: Installation, hub: KubernetesHub, tmp_path: Path
) -> None:
    boot(installation, "cp-0")
    key = ServiceKey.load(tmp_path / "gateway.key", Service.API_GATEWAY)
    wanted = {"user_id": "u-1", "groups": [], "ttl_seconds": 600}
    base = f"/internal/v1/clusters/{CLUSTER_ID}"
    async with installer(settings, installation) as tools, reading(settings.nats_url, Service.INSTALLER) as audit:
        await hub.send(desired([machine("cp-0")]), revision=1)
        await hub.until(lambda observed: observed.ready)
        app = build_app(settings, tools)
        async with app.router.lifespan_context(app), client_of(app) as client:
            for user in ("u-1", "u-2"):
                await client.post(f"{base}/kubeconfigs", json=wanted, headers=key.headers(Service.INSTALLER, user))
            body = {"service": "authz"}
            await client.post(f"{base}/service-accesses", json=body, headers=key.headers(Service.INSTALLER))
            await client.get(f"{base}/runs", headers=key.headers(Service.INSTALLER))
            await client.get("/internal/v1/clusters/c-1.> x/runs", headers={"Authorization": "Bearer forged"})
        mine, anothers, service, forged = await audit.until(4)
    assert [(one.user.id, one.response_code, one.decision) for one in (mine, anothers, service, forged)] == [
        ("u-1", 201, Verdict.NONE),
        ("u-2", 403, Verdict.DENY),
        ("service:api-gateway", 201, Verdict.NONE),
        ("", 401, Verdict.DENY),
    ]
    assert mine.after_digest == digest(wanted)
    assert (mine.target.resource, mine.target.cluster_id) == ("clusters/kubeconfigs", CLUSTER_ID)
    assert (service.target.resource, service.target.id) == ("clusters/service-accesses", "authz")
    assert (forged.target.resource, forged.target.cluster_id) == ("clusters/runs", "c-1.> x")


async def test_no_secret_stands_in_the_database_in_clear(
    settings: Settings, installation: Installation, hub: KubernetesHub
) -> None:
    boot(installation, "cp-0", "cp-1")
    async with installer(settings, installation):
        await hub.send(desired(map(machine, ("cp-0", "cp-1"))), revision=1)
        await hub.until(lambda observed: observed.ready)
    assert installation.apis.cluster is not None
    cluster = installation.apis.cluster
    secrets = {"client key", "canary-application-credential", *cluster.tokens, *cluster.certificate_keys}
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = (await connection.execute(text(f'SELECT t::text FROM {SCHEMA}."{table.name}" t'))).scalars().all()
            assert not [row for row in rows for secret in secrets if secret in row], table.name
    await database.dispose()


async def test_the_migrations_make_what_the_models_say(settings: Settings) -> None:
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.engine.connect() as connection:
        assert list(await connection.run_sync(differences, SCHEMA, Base.metadata)) == []
    await database.dispose()
