"""Services that follow the access world: changes arrive at once, and without news nobody is let in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import httpx
import pytest
from fastapi import FastAPI

from brb_authz.app import work
from brb_authz.settings import Settings
from brb_shared.access.deltas import Delta
from brb_shared.access.model import AUTHENTICATED, Actor, Place, Request
from brb_shared.authorizer import Authorizer, open_authorizer
from brb_shared.contracts.audit import Verdict
from brb_shared.contracts.registry import Service
from brb_shared.http import Problem
from brb_shared.http.audit import Recorder
from brb_shared.messaging import Broker, NatsSettings
from brb_shared.testing.servers import NatsServer
from fakes.authz import People, must
from fakes.gateway import Services
from fakes.hub import running

CLUSTER = "c-0000000001"
FOLLOWERS = (Service.API_GATEWAY, Service.PROVISIONER, Service.INSTALLER, Service.DNS)
REVOCATIONS = 40


@pytest.fixture
def settings(settings: Settings, nats_url: str) -> Settings:
    return settings.model_copy(update={"nats_url": nats_url})


@pytest.fixture
async def working(settings: Settings, people: People) -> AsyncIterator[None]:
    """authz's work process."""
    async with running(work(settings)):
        yield


@asynccontextmanager
async def follower(settings: Settings, app: FastAPI, services: Services, reader: Service) -> AsyncIterator[Authorizer]:
    """One service's process, as it embeds the authorizer."""
    broker = Broker(NatsSettings(url=settings.nats_url), reader)
    await broker.connect()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://authz") as client:
        authorizer = open_authorizer(broker, reader, client, services.keys[reader])
        async with running(authorizer.run()):
            await until(lambda: authorizer.is_current)
            yield authorizer
    await broker.close()


@pytest.fixture
async def followers(
    settings: Settings, app: FastAPI, services: Services, working: None
) -> AsyncIterator[list[Authorizer]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(follower(settings, app, services, reader)) for reader in FOLLOWERS]


async def until(condition: Callable[[], bool], seconds: float = 30) -> float:
    """How long it took. A turn of the loop is what lies between two looks."""
    clock = asyncio.get_running_loop().time
    began = clock()
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)
    return clock() - began


def may_get(authorizer: Authorizer, user: str, *groups: str) -> bool:
    place = Place(cluster_id=CLUSTER)
    return authorizer.index.check(Request.of(Actor(user, groups), "get", "clusters", name=CLUSTER, place=place))


def all_may_get(followers: list[Authorizer], user: str) -> bool:
    return all(may_get(one, user) for one in followers)


def none_may_get(followers: list[Authorizer], user: str) -> bool:
    return not any(may_get(one, user) for one in followers)


def is_at(one: Authorizer, revision: int) -> bool:
    return one.index.revision == revision


async def test_a_revoked_right_ends_everywhere_within_a_second(people: People, followers: list[Authorizer]) -> None:
    """p99 over many revocations and several followers, over real PostgreSQL and NATS."""
    await people.cluster(CLUSTER, "u-owner")
    seconds = []
    for number in range(REVOCATIONS):
        user = f"u-{number}"
        made = await people.bind(f"user:{user}", "cluster-member", cluster_id=CLUSTER)
        await until(partial(all_may_get, followers, user))
        must_be_gone = await people.admin.delete(f"/internal/v1/role-bindings/{made['id']}")
        assert must_be_gone.status_code == 204
        seconds.append(await until(partial(none_may_get, followers, user)))
    worst = sorted(seconds)[int(0.99 * len(seconds))]
    median = sorted(seconds)[len(seconds) // 2]
    print(f"revocation at {len(followers)} followers: median {median:.3f} s, p99 {worst:.3f} s")
    assert worst < 1.0


async def test_a_reader_of_his_own_write_is_let_in(people: People, followers: list[Authorizer]) -> None:
    await people.cluster(CLUSTER, "u-owner")
    made = await people.bind("group:g-1", "cluster-member", cluster_id=CLUSTER)
    asked = Request.of(
        Actor("u-1", (AUTHENTICATED, "g-1")), "get", "clusters", name=CLUSTER, place=Place(cluster_id=CLUSTER)
    )
    for one in followers:
        decision = await one.require(asked, "cluster", min_revision=made["revision"])
        assert decision.revision >= made["revision"]


async def test_denials_hide_what_is_not_seen_and_explain_what_is(people: People, followers: list[Authorizer]) -> None:
    await people.cluster(CLUSTER, "u-owner")
    made = await people.bind("user:u-1", "cluster-member", cluster_id=CLUSTER)
    place = Place(cluster_id=CLUSTER)
    one = followers[0]
    wanted = Request.of(Actor("u-1"), "delete", "clusters", name=CLUSTER, place=place)
    with pytest.raises(Problem) as visible:
        await one.require(wanted, "cluster", min_revision=made["revision"])
    with pytest.raises(Problem) as invisible:
        await one.require(Request.of(Actor("u-2"), "get", "clusters", name=CLUSTER, place=place), "cluster")
    assert (visible.value.document.status, visible.value.document.code) == (403, "not_allowed")
    assert "delete" in visible.value.document.detail
    assert (invisible.value.document.status, invisible.value.document.code) == (404, "not_found")


async def test_a_follower_that_begins_late_has_everything(
    people: People, settings: Settings, app: FastAPI, services: Services, working: None
) -> None:
    await people.cluster(CLUSTER, "u-owner")
    for number in range(5):
        await people.bind(f"user:u-{number}", "cluster-member", cluster_id=CLUSTER)
    async with follower(settings, app, services, Service.DNS) as late:
        assert all(may_get(late, f"u-{number}") for number in range(5))


async def test_what_followers_have_in_memory_is_what_the_database_has(
    people: People, followers: list[Authorizer]
) -> None:
    """After changes of every kind, applied one by one, as after loading the whole."""
    await people.cluster(CLUSTER, "u-owner")
    role = await people.role({"verbs": ["get"], "api_groups": [""], "resources": ["pods"]}, context="project")
    project = await people.project(CLUSTER)
    await people.namespace(CLUSTER, "ns", project)
    made = await people.bind("user:u-1", role, project_id=project)
    must(await people.admin.patch(f"/internal/v1/role-bindings/{made['id']}", {"role_id": "project-member"}))
    removed = await people.admin.delete(f"/internal/v1/roles/{role}")
    assert removed.status_code == 204
    gone = must(await people.gateway.send("DELETE", f"/internal/v1/clusters/{CLUSTER}"))
    snapshot = must(await people.gateway.get("/internal/v1/snapshot"))
    assert snapshot["revision"] == gone["revision"]
    for one in followers:
        await until(partial(is_at, one, gone["revision"]))
        world = one.index.world()
        assert {binding.id for binding in world.bindings} == {binding["id"] for binding in snapshot["bindings"]}
        assert {role.id for role in world.roles} == {role["id"] for role in snapshot["roles"]}
        assert (world.projects, world.namespaces) == ((), ())


async def test_without_news_nobody_is_let_in_and_news_mend_it(
    people: People, followers: list[Authorizer], own_nats_server: NatsServer
) -> None:
    """NATS is killed: within five seconds everything is denied, with an answer that says why. Then it comes back."""
    await people.cluster(CLUSTER, "u-owner")
    await until(lambda: all(may_get(one, "u-owner") for one in followers))
    await asyncio.to_thread(own_nats_server.kill)
    took = await until(lambda: not any(one.is_current for one in followers))
    assert took <= 5.1
    with pytest.raises(Problem) as problem:
        await followers[0].check(Request.of(Actor("u-owner"), "get", "clusters", place=Place(cluster_id=CLUSTER)))
    assert (problem.value.document.status, problem.value.document.code) == (503, "access_unknown")
    made = await people.bind("user:u-late", "cluster-member", cluster_id=CLUSTER)
    await asyncio.to_thread(own_nats_server.start)
    await until(lambda: all(one.is_current and one.index.revision >= made["revision"] for one in followers))
    assert all(may_get(one, "u-late") for one in followers)


async def test_a_wiped_nats_loses_no_change(
    people: People, followers: list[Authorizer], own_nats_server: NatsServer
) -> None:
    await people.cluster(CLUSTER, "u-owner")
    await asyncio.to_thread(own_nats_server.wipe)
    made = await people.bind("user:u-late", "cluster-member", cluster_id=CLUSTER)
    await until(lambda: all(one.is_current and one.index.revision >= made["revision"] for one in followers), 60)
    assert all(may_get(one, "u-late") for one in followers)


async def test_a_gap_is_seen_and_everything_is_loaded_again(people: People, followers: list[Authorizer]) -> None:
    """As if a message had been lost: the replica is set back behind the writer's knowledge."""
    await people.cluster(CLUSTER, "u-owner")
    one = followers[0]
    await until(lambda: may_get(one, "u-owner"))
    one.index.apply(Delta(revision=one.index.revision - 1))
    made = await people.bind("user:u-1", "cluster-member", cluster_id=CLUSTER)
    await until(lambda: one.index.revision >= made["revision"] and may_get(one, "u-1"))


async def test_a_service_without_a_key_gets_no_snapshot(people: People) -> None:
    assert (await people.client.get("/internal/v1/snapshot")).status_code == 401


async def test_a_followers_decision_is_recorded_with_its_rule(people: People, followers: list[Authorizer]) -> None:
    await people.cluster(CLUSTER, "u-owner")
    made = await people.bind("user:u-1", "cluster-member", cluster_id=CLUSTER)
    place = Place(cluster_id=CLUSTER)
    allowed, refused = Recorder(), Recorder()
    asked = Request.of(Actor("u-1"), "create", "projects", place=place)
    await followers[0].require(asked, "cluster", min_revision=made["revision"], recorder=allowed)
    with pytest.raises(Problem):
        await followers[0].require(Request.of(Actor("u-1"), "delete", "clusters", place=place), "", recorder=refused)
    assert (allowed.decision, allowed.access_revision) == (Verdict.ALLOW, made["revision"])
    assert "cluster-member" in allowed.rule
    assert (allowed.target.verb, allowed.target.resource, allowed.target.cluster_id) == ("create", "projects", CLUSTER)
    assert (refused.decision, bool(refused.rule)) == (Verdict.DENY, True)


async def test_a_flood_of_denials_does_not_hold_up_a_revocation(people: People, followers: list[Authorizer]) -> None:
    await people.cluster(CLUSTER, "u-owner")
    made = await people.bind("user:u-1", "cluster-member", cluster_id=CLUSTER)
    await until(partial(all_may_get, followers, "u-1"))
    stranger = people.person("u-stranger")
    for _ in range(10):
        await asyncio.gather(*(stranger.delete(f"/internal/v1/role-bindings/{made['id']}") for _ in range(30)))
    assert (await people.admin.delete(f"/internal/v1/role-bindings/{made['id']}")).status_code == 204
    assert await until(partial(none_may_get, followers, "u-1")) < 1.0
