"""From the button to Ready and back to nothing: the hub over real PostgreSQL and NATS, with obedient workers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from brb_shared.testing.servers import NatsServer
from fakes.events import ServerEvent, until, watching
from fakes.gateway import client_of, sign_in
from fakes.gateway_cloud import WillingCloud
from fakes.served import serving
from fakes.workers import FakeWorkers


def is_state(state: str) -> Any:
    def matches(event: ServerEvent) -> bool:
        return event.name == "cluster" and event.state == state

    return matches


def is_gone(event: ServerEvent) -> bool:
    return event.name == "cluster" and event.data["type"] == "DELETED"


@pytest.fixture
async def live(app: FastAPI, alice: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Alice over a real socket: streams need one."""
    async with serving(app, headers=dict(alice.headers)) as client:
        yield client


async def create(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post("/v1/clusters", json={"name": "x", **body})
    assert answer.status_code == 201, answer.text
    cluster: dict[str, Any] = answer.json()
    return cluster


@pytest.mark.usefixtures("work")
async def test_a_plain_name_becomes_a_ready_cluster_scales_and_goes_without_a_trace(
    live: httpx.AsyncClient, cloud: WillingCloud, workers: FakeWorkers
) -> None:
    cluster = await create(live)
    id_ = cluster["metadata"]["id"]
    path = f"/v1/clusters/{id_}"

    async with watching(live, f"{path}/watch") as events:
        seen = await until(events, is_state("Ready"))
        ready = seen[-1].data["object"]
        assert len(ready["status"]["machines"]) == 3
        assert all(machine["node_ready"] for machine in ready["status"]["machines"])
        assert ready["status"]["progress"]["percent"] == 100
        assert ready["status"]["api_server"]["url"] == "https://198.51.100.7:6443"
        domains = [domain["domain"] for domain in ready["status"]["app_domains"]]
        assert sorted(domains) == sorted(f"x.{address}.web.example.org" for address in workers.pairs[id_].dns.addresses)
        assert len(domains) == 4
        standing = (await live.get(f"{path}/resources")).json()["items"]
        assert sorted(thing["type"] for thing in standing) == ["application_credential", "server", "server", "server"]
        assert standing[-1]["name"] == f"brb-{id_}"

        pools = ready["spec"]["machine_pools"]
        pools[1]["quantity"] = 1
        patched = await live.patch(path, json={"spec": {"machine_pools": pools}}, headers={"If-Match": '"1"'})
        assert patched.status_code == 200, patched.text
        await until(events, is_state("Updating"))
        smaller = (await until(events, is_state("Ready")))[-1].data["object"]
        assert [machine["name"] for machine in smaller["status"]["machines"]] == [
            f"x-{id_.removeprefix('c-')}-cp-0",
            f"x-{id_.removeprefix('c-')}-workers-0",
        ]

        deleted = await live.delete(path, headers={"If-Match": '"2"'})
        assert deleted.status_code == 202
        await until(events, is_gone)

    assert (await live.get(path)).status_code == 404
    assert cloud.credentials == {}
    assert workers.pairs[id_].provisioner.machines == {}
    assert workers.pairs[id_].dns.addresses == []
    assert sorted(workers.pairs[id_].provisioner.made) == sorted(set(workers.pairs[id_].provisioner.made))
    report = (await live.get(f"{path}/deletion-report")).json()
    assert {thing["type"] for thing in report["removed"]} == {"server", "application_credential"}
    assert len(report["removed"]) == 4
    assert report["remaining"] == []
    assert report["credential_removed"]
    reasons = [event["reason"] for event in (await live.get(f"{path}/events")).json()["items"]]
    assert reasons[0] == "ClusterCreated"
    assert "MachinesDone" in reasons
    assert reasons[-1] == "ClusterDeleted"


@pytest.mark.usefixtures("workers")
async def test_a_cluster_deleted_before_anything_began_is_gone_at_once(
    live: httpx.AsyncClient, cloud: WillingCloud, work_later: Callable[[], None]
) -> None:
    cluster = await create(live)
    path = f"/v1/clusters/{cluster['metadata']['id']}"
    await live.delete(path, headers={"If-Match": "*"})
    async with watching(live, "/v1/watch/clusters") as events:
        await until(events, lambda event: event.name == "bookmark")
        work_later()
        await until(events, is_gone)
    assert cloud.credentials == {}


@pytest.mark.usefixtures("work", "workers")
async def test_a_wiped_nats_loses_nothing(live: httpx.AsyncClient, own_nats_server: NatsServer) -> None:
    async with watching(live, "/v1/watch/clusters") as events:
        await until(events, lambda event: event.name == "bookmark")
        await create(live)
        own_nats_server.wipe()
        await until(events, is_state("Ready"), seconds=90)


@pytest.mark.usefixtures("work", "workers")
async def test_a_watch_goes_on_from_its_last_id_without_a_gap(live: httpx.AsyncClient) -> None:
    async with watching(live, "/v1/watch/clusters") as events:
        bookmark = (await until(events, lambda event: event.name == "bookmark"))[-1]
        await create(live)
        first = await until(events, is_state("Ready"))
    async with watching(live, "/v1/watch/clusters", last_event_id=bookmark.id) as events:
        again = await until(events, is_state("Ready"))
    assert [event.id for event in again if event.name == "happened"] == [
        event.id for event in first if event.name == "happened"
    ]


async def test_signing_out_ends_the_watches_of_that_session_only(
    live: httpx.AsyncClient, alice: httpx.AsyncClient, app: FastAPI
) -> None:
    async with client_of(app) as other:
        await sign_in(other, "alice")
        async with (
            serving(app, headers=dict(other.headers)) as second,
            watching(live, "/v1/watch/clusters") as ended,
            watching(second, "/v1/watch/clusters") as still_open,
        ):
            for events in (ended, still_open):
                await until(events, lambda event: event.name == "bookmark")
            assert (await alice.delete("/v1/sessions/current")).status_code == 204
            async with asyncio.timeout(5):
                assert [event async for event in ended] == []
            await create(second)
            await until(still_open, lambda event: event.name == "cluster")


async def test_a_watch_from_an_id_that_is_too_old_answers_410(alice: httpx.AsyncClient) -> None:
    answer = await alice.get("/v1/watch/clusters", headers={"Last-Event-ID": "5-1-1000000000"})
    assert answer.status_code == 410
    assert answer.json()["code"] == "history_gone"
