"""A POST that is repeated with its Idempotency-Key is answered as the first time, and makes nothing again."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from brb_authz.models import SCHEMA, WorkRow
from brb_authz.reconcile import HOUSEKEEPING, Housekeeping
from brb_authz.settings import Settings
from brb_shared.database import Database
from brb_shared.reconcile import Lease
from fakes.authz import JSON, People, Person, binding, must, problem, rule

ROLES, BINDINGS, PROJECTS = "/internal/v1/roles", "/internal/v1/role-bindings", "/internal/v1/projects"
CLUSTER = "c-0000000001"
NAMESPACES = f"/internal/v1/clusters/{CLUSTER}/namespaces"
ROLE = {"display_name": "Reader", "context": "cluster", "rules": [rule("get", "clusters")]}
KEY = {"Idempotency-Key": "k-1"}


@pytest.fixture
async def project(people: People) -> str:
    await people.cluster(CLUSTER, "u-owner")
    return await people.project(CLUSTER)


async def send(person: Person, path: str, body: Any, key: str = "k-1") -> httpx.Response:
    return await person.post(path, body, headers={"Idempotency-Key": key})


async def snapshot(people: People) -> JSON:
    return must(await people.gateway.get("/internal/v1/snapshot"))


@pytest.mark.parametrize("path", [ROLES, BINDINGS, PROJECTS, NAMESPACES])
async def test_the_same_request_is_answered_as_the_first_one(people: People, project: str, path: str) -> None:
    body = {
        ROLES: ROLE,
        BINDINGS: binding("user:u-1", "cluster-viewer", cluster_id=CLUSTER),
        PROJECTS: {"cluster_id": CLUSTER, "display_name": "Shop"},
        NAMESPACES: {"name": "shop", "project_id": project},
    }[path]
    first = await send(people.admin, path, body)
    assert first.status_code == 201, first.text
    before = await snapshot(people)
    again = await send(people.admin, path, body)
    assert (again.status_code, again.json()) == (201, first.json())
    assert [again.headers[name] for name in ("etag", "location")] == [first.headers[n] for n in ("etag", "location")]
    assert await snapshot(people) == before, "no revision is taken, so nobody is told of anything"


async def test_it_is_answered_so_even_if_what_was_made_is_gone(people: People) -> None:
    made = must(await send(people.admin, ROLES, ROLE))
    await people.admin.delete(f"{ROLES}/{made['id']}")
    assert must(await send(people.admin, ROLES, ROLE)) == made
    assert problem(await people.admin.get(f"{ROLES}/{made['id']}")) == (404, "not_found")


async def test_a_key_is_for_one_body_and_one_route(people: People, project: str) -> None:
    must(await send(people.admin, ROLES, ROLE))
    reused = (422, "idempotency_key_reused")
    assert problem(await send(people.admin, ROLES, {**ROLE, "display_name": "Other"})) == reused
    assert problem(await send(people.admin, NAMESPACES, {"name": "shop", "project_id": project})) == reused
    namespace = {"name": "shop", "project_id": project}
    must(await send(people.admin, NAMESPACES, namespace, key="k-3"))
    elsewhere = "/internal/v1/clusters/c-0000000002/namespaces"
    assert problem(await send(people.admin, elsewhere, namespace, key="k-3")) == reused
    assert must(await send(people.admin, ROLES, {**ROLE, "display_name": "Other"}, key="k-2"))


async def test_a_key_is_its_users_own(people: People, project: str) -> None:
    body = {"cluster_id": CLUSTER, "display_name": "Shop"}
    mine = must(await send(people.admin, PROJECTS, body))
    theirs = must(await send(people.person("u-owner"), PROJECTS, body))
    assert mine["id"] != theirs["id"]


async def test_who_may_not_make_it_any_more_is_refused_again(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    bound = await people.bind("user:u-1", "cluster-owner", cluster_id=CLUSTER)
    body = {"cluster_id": CLUSTER, "display_name": "Shop"}
    person = people.person("u-1")
    must(await send(person, PROJECTS, body))
    await people.admin.delete(f"{BINDINGS}/{bound['id']}")
    assert problem(await send(person, PROJECTS, body))[0] in (403, 404)


async def test_two_at_the_same_time_make_one(people: People) -> None:
    answers = await asyncio.gather(*(send(people.admin, ROLES, ROLE) for _ in range(4)))
    assert len({must(answer)["id"] for answer in answers}) == 1


async def test_a_dry_run_uses_no_key_up(people: People) -> None:
    planned = await people.admin.post(f"{ROLES}?validate_only=true", ROLE, headers=KEY)
    assert planned.status_code == 200
    other = {**ROLE, "display_name": "Other"}
    assert (await send(people.admin, ROLES, other)).status_code == 201


async def test_a_repeated_request_is_in_the_audit_log_as_such(people: People, settings: Settings) -> None:
    for _ in range(2):
        must(await send(people.admin, ROLES, ROLE))
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.sessions() as session:
        query = "SELECT body::jsonb #>> '{data,message}' FROM authz.audit_outbox ORDER BY seq"
        messages = list(await session.scalars(text(query)))
    await database.dispose()
    assert messages[-2:] == ["", "Repeated with its Idempotency-Key: nothing was made"]


async def test_keys_are_forgotten_after_a_day(people: People, settings: Settings) -> None:
    await send(people.admin, ROLES, ROLE, key="old")
    await send(people.admin, ROLES, ROLE, key="new")
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.sessions.begin() as session:
        past = "created_at = now() - interval '25 hours'"
        await session.execute(text(f"UPDATE authz.idempotency_keys SET {past} WHERE key = 'old'"))
    housekeeping = Housekeeping(database, settings)
    await housekeeping.begin()
    await housekeeping.reconcile(HOUSEKEEPING, Lease(HOUSEKEEPING, 0, 1, 0, WorkRow))
    async with database.sessions() as session:
        left = list(await session.scalars(text("SELECT key FROM authz.idempotency_keys")))
    await database.dispose()
    assert left == ["new"]
