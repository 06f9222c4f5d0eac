"""From a change or a denial to the log: through the outbox and NATS, whoever is away in between; and read by `brb`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from brb_authz.app import work
from brb_authz.audit import repository
from brb_authz.models import SCHEMA
from brb_authz.settings import Settings
from brb_shared.contracts.audit import audit_time
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.registry import AUDIT_KINDS, Service
from brb_shared.database import Database
from brb_shared.messaging import Broker, NatsSettings
from brb_shared.testing.servers import NatsServer
from fakes.audit_log import entry
from fakes.authz import People, binding, must, problem, rule
from fakes.gateway import Services
from fakes.hub import running
from fakes.publishing_gateway import publishing_gateway
from fakes.served import serving
from fakes.subprocesses import run_brb

LOG = "/internal/v1/audit-log"
CLUSTER = "c-0000000001"


@pytest.fixture
def settings(settings: Settings, nats_url: str) -> Settings:
    return settings.model_copy(update={"nats_url": nats_url})


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[None]:
    async with running(work(settings)):
        yield


async def entries(people: People, count: int, query: str = "") -> list[dict[str, Any]]:
    """Oldest first, when there are so many."""
    path = f"{LOG}?oldest_first=true&page_size=500{query}"
    async with asyncio.timeout(30):
        while len(items := must(await people.admin.get(path))["items"]) < count:
            await asyncio.sleep(0.05)
    return [item["entry"] for item in items]


async def test_changes_and_denials_reach_the_log_with_who_what_and_why(people: People, settings: Settings) -> None:
    await people.cluster(CLUSTER, "u-owner")
    made = await people.bind("user:u-1", "cluster-member", cluster_id=CLUSTER)
    denied = await people.person("u-1", "g-1").post(
        "/internal/v1/role-bindings", binding("user:u-2", "cluster-owner", cluster_id=CLUSTER)
    )
    assert problem(denied)[0] == 403
    must(await people.admin.patch(f"/internal/v1/role-bindings/{made['id']}", {"role_id": "cluster-owner"}))
    assert (await people.admin.delete(f"/internal/v1/role-bindings/{made['id']}")).status_code == 204
    async with working(settings):
        put, create, refusal, patch, delete = await entries(people, 5)
    assert (put["method"], put["target"]["cluster_id"]) == ("PUT", CLUSTER)
    assert (create["method"], create["response_code"], create["decision"]) == ("POST", 201, "allow")
    assert create["user"] == {"id": "u-admin", "name": "Name of u-admin", "groups": []}
    assert create["target"] == {
        "verb": "create", "resource": "members", "id": made["id"],
        "cluster_id": CLUSTER, "project_id": "", "namespace": "",
    }  # fmt: skip
    assert "platform-admin" in create["rule"]
    assert create["access_revision"] == made["revision"] - 1
    assert (refusal["decision"], refusal["response_code"], refusal["user"]["groups"]) == ("deny", 403, ["g-1"])
    assert refusal["rule"]
    assert (patch["before_digest"], patch["after_digest"]) == (create["after_digest"], delete["before_digest"])
    assert patch["before_digest"] != patch["after_digest"]
    assert (delete["response_code"], delete["after_digest"]) == (204, "")


async def test_the_guards_refusal_is_recorded_with_its_reason(people: People, settings: Settings) -> None:
    role = await people.role(rule("create", "roles"), context="global")
    await people.bind("user:u-1", role)
    body = {"display_name": "x", "context": "cluster", "rules": [rule("*", "*", api_group="*")]}
    refused = await people.person("u-1").post("/internal/v1/roles", body)
    assert problem(refused) == (403, "escalation")
    async with working(settings):
        last = (await entries(people, 3))[-1]
    assert (last["decision"], last["rule"]) == ("deny", refused.json()["detail"])


async def test_asking_leaves_no_entry(people: People, settings: Settings) -> None:
    await people.admin.post("/internal/v1/access-reviews", {"verb": "get", "resource": "clusters"})
    await people.admin.post("/internal/v1/roles?validate_only=true", {"display_name": "x", "context": "cluster"})
    await people.role(rule("get", "clusters"))
    async with working(settings):
        (only,) = await entries(people, 1)
    assert only["target"]["verb"] == "create"


async def test_nothing_is_lost_while_nats_is_down(
    people: People, settings: Settings, own_nats_server: NatsServer
) -> None:
    async with working(settings):
        await people.role(rule("get", "clusters"))
        await entries(people, 1)
        await asyncio.to_thread(own_nats_server.kill)
        for _ in range(5):
            await people.role(rule("get", "clusters"))
        await asyncio.to_thread(own_nats_server.start)
        assert len(await entries(people, 6)) == 6


async def test_what_another_service_wrote_while_authz_was_down_is_kept_for_it(
    people: People, settings: Settings, own_nats_server: NatsServer
) -> None:
    """The stream is a work queue: each entry stays, through a restart of NATS too, until authz has it; then it goes."""
    kind = AUDIT_KINDS[Service.INSTALLER]
    broker = Broker(NatsSettings(url=settings.nats_url), Service.INSTALLER)
    await broker.connect()
    await broker.ensure_streams()
    for number in range(20):
        envelope = Envelope[Any](source="/brb/installer", type=kind.type, subject="c-1", data=entry(number))
        body = envelope.model_dump_json(serialize_as_any=True)
        await broker.publish(kind.subject("c-1"), body.encode(), envelope.id)
    await asyncio.to_thread(own_nats_server.kill)
    await asyncio.to_thread(own_nats_server.start)
    async with working(settings):
        assert {one["service"] for one in await entries(people, 20)} == {"installer"}
        async with asyncio.timeout(20):
            while (await broker.jetstream.stream_info("AUDIT")).state.messages:
                await asyncio.sleep(0.05)
    await broker.close()


async def test_who_may_not_read_the_log_does_not(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    for path in (LOG, f"{LOG}/head", f"{LOG}/export"):
        assert problem(await people.person("u-owner").get(path))[0] in (403, 404)
        assert problem(await people.gateway.get(path)) == (401, "acting_user_missing")
    assert problem(await people.person("u-2").get(f"{LOG}?cluster_id={CLUSTER}")) == (404, "not_found")
    must(await people.person("u-owner").get(f"{LOG}?cluster_id={CLUSTER}"))
    assert problem(await people.admin.get(f"{LOG}?since=yesterday")) == (422, "invalid_request")


@pytest.fixture
async def published(app: FastAPI, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(publishing_gateway(app, services.keys[Service.API_GATEWAY])) as client:
        yield client


async def test_the_command_line_lists_exports_and_verifies(
    people: People, settings: Settings, published: httpx.AsyncClient, tmp_path: Any
) -> None:
    for _ in range(3):
        await people.role(rule("get", "clusters"))
    async with working(settings):
        await entries(people, 3)
    url, export = str(published.base_url), tmp_path / "audit.jsonl"
    listed = await run_brb(url, "u-admin", "audit", "list", "--verb", "create", "-o", "json")
    assert [item["seq"] for item in json.loads(listed.stdout)] == [3, 2, 1]
    assert (await run_brb(url, "u-admin", "audit", "export", str(export))).exit_code == 0
    assert len(export.read_text().splitlines()) == 4
    for arguments in ((), (str(export),)):
        verified = await run_brb(url, "u-admin", "audit", "verify", *arguments, "-o", "json")
        assert (verified.exit_code, json.loads(verified.stdout)["entries"]) == (0, 3)
    export.write_text(export.read_text().replace("/internal/v1/roles", "/internal/v1/rules", 1))
    tampered = await run_brb(url, "u-admin", "audit", "verify", str(export))
    assert (tampered.exit_code, "Entry 1" in tampered.stderr) == (1, True)
    assert (await run_brb(url, "u-2", "audit", "list")).exit_code in (3, 5)


async def test_the_work_process_removes_what_is_past_retention(people: People, settings: Settings) -> None:
    long_ago = audit_time(datetime.now(UTC) - timedelta(days=settings.audit_retention_days + 1))
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.sessions.begin() as session:
        for number in range(3):
            await repository.append(session, entry(number).model_copy(update={"request_timestamp": long_ago}))
        await repository.append(session, entry(3))
        await session.execute(text("UPDATE authz.changes SET at = now() - interval '2 days'"))
    async with working(settings), asyncio.timeout(30):
        while (head := must(await people.admin.get(f"{LOG}/head")))["anchor"] is None:
            await asyncio.sleep(0.05)
    async with database.sessions() as session:
        assert (await session.execute(text("SELECT count(*) FROM authz.changes"))).scalar_one() == 0
    await database.dispose()
    assert (head["seq"], head["anchor"]["seq"]) == (4, 3)
    await people.role(rule("get", "clusters"))
