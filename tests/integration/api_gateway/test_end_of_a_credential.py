"""The last step of a delete: the cluster's own credential goes from Keystone, whatever stands in the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from brb_api_gateway.settings import Settings
from fakes.events import ServerEvent, until, watching
from fakes.gateway import client_of, running_app, sign_in, working
from fakes.gateway_cloud import NobodyMayForgetCloud, SlowToForgetCloud, WillingCloud
from fakes.served import serving
from fakes.workers import FakeWorkers

NEW_CREDENTIAL = {"spec": {"cloud_credential_id": None}}


def is_gone(event: ServerEvent) -> bool:
    return event.name == "cluster" and event.data["type"] == "DELETED"


async def deleted(settings: Settings, cloud: WillingCloud) -> dict[str, Any]:
    """The report of a cluster that was made and deleted."""
    async with running_app(settings, cloud) as app, client_of(app) as inside:
        await sign_in(inside, "alice")
        async with working(settings, cloud), serving(app, headers=dict(inside.headers)) as client:
            return await _delete_one(client)


async def _delete_one(client: httpx.AsyncClient) -> dict[str, Any]:
    path = (await client.post("/v1/clusters", json={"name": "x"})).headers["Location"]
    async with watching(client, f"{path}/watch") as events:
        await client.delete(path, headers={"If-Match": "*"})
        await until(events, is_gone)
    report: dict[str, Any] = (await client.get(f"{path}/deletion-report")).json()
    return report


@asynccontextmanager
async def ready_cluster(
    settings: Settings, cloud: WillingCloud
) -> AsyncIterator[tuple[httpx.AsyncClient, str, AsyncIterator[ServerEvent]]]:
    """A client, the path of a Ready cluster, and what happens to it from then on."""
    async with running_app(settings, cloud) as app, client_of(app) as inside:
        await sign_in(inside, "alice")
        async with working(settings, cloud), serving(app, headers=dict(inside.headers)) as client:
            path = (await client.post("/v1/clusters", json={"name": "x"})).headers["Location"]
            async with watching(client, f"{path}/watch") as events:
                await until(events, lambda event: event.state == "Ready")
                yield client, path, events


@pytest.mark.usefixtures("workers")
async def test_a_keystone_that_is_down_is_asked_again(settings: Settings) -> None:
    cloud = SlowToForgetCloud()
    report = await deleted(settings, cloud)
    assert cloud.credentials == {}
    assert report["credential_removed"] is True


@pytest.mark.usefixtures("workers")
async def test_a_credential_that_nobody_may_remove_does_not_keep_the_cluster_from_ending(settings: Settings) -> None:
    cloud = NobodyMayForgetCloud()
    report = await deleted(settings, cloud)
    assert report["credential_removed"] is False
    assert "openstack application credential delete ac-1" in str(report["credential_message"])
    assert [thing["id"] for thing in report["kept"]] == ["ac-1"]


async def test_a_new_credential_is_made_on_demand_and_the_one_before_goes(
    settings: Settings, workers: FakeWorkers
) -> None:
    cloud = WillingCloud()
    async with ready_cluster(settings, cloud) as (client, path, events):
        before = (await client.get(path)).json()["spec"]["cloud_credential_id"]
        patched = await client.patch(path, json=NEW_CREDENTIAL, headers={"If-Match": "*"})
        after = patched.json()["spec"]["cloud_credential_id"]
        assert after != before
        await until(
            events, lambda event: event.state == "Ready" and event.data["object"]["metadata"]["generation"] == 2
        )
        while before in [item["id"] for item in (await client.get("/v1/credentials")).json()["items"]]:
            await asyncio.sleep(0.01)
        assert list(cloud.credentials) == ["ac-2"]
        assert workers.pairs[path.rsplit("/", 1)[1]].provisioner.credential_id == after


async def test_a_credential_of_ones_own_can_be_given_and_stays_after_the_cluster(
    settings: Settings, workers: FakeWorkers
) -> None:
    cloud = WillingCloud()
    async with ready_cluster(settings, cloud) as (client, path, events):
        own = {"name": "mine", "application_credential_id": "ac-own", "application_credential_secret": "s"}
        mine = (await client.post("/v1/credentials", json=own)).json()["id"]
        body = {"spec": {"cloud_credential_id": mine}}
        assert (await client.patch(path, json=body, headers={"If-Match": "*"})).status_code == 200
        await client.delete(path, headers={"If-Match": "*"})
        await until(events, is_gone)
        report = (await client.get(f"{path}/deletion-report")).json()
        assert mine in [item["id"] for item in (await client.get("/v1/credentials")).json()["items"]]
    assert cloud.credentials == {}
    assert report["removed"][-1]["type"] == "application_credential"


async def test_a_cluster_that_is_being_deleted_takes_a_new_credential_and_nothing_else(
    settings: Settings,
) -> None:
    async with running_app(settings, WillingCloud()) as app, client_of(app) as client:
        await sign_in(client, "alice")
        path = (await client.post("/v1/clusters", json={"name": "x"})).headers["Location"]
        await client.delete(path, headers={"If-Match": "*"})
        refused = await client.patch(path, json={"spec": {"keep_floating_ip": True}}, headers={"If-Match": "*"})
        assert refused.status_code == 409
        assert (await client.patch(path, json=NEW_CREDENTIAL, headers={"If-Match": "*"})).status_code == 200


async def test_clusters_do_not_share_the_own_credential_of_one(settings: Settings) -> None:
    async with running_app(settings, WillingCloud()) as app, client_of(app) as client:
        await sign_in(client, "alice")
        first = (await client.post("/v1/clusters", json={"name": "x"})).json()["spec"]["cloud_credential_id"]
        given = {"spec": {"cloud_credential_id": first}}
        copied = await client.post("/v1/clusters", json={"name": "y", **given})
        assert copied.json()["spec"]["cloud_credential_id"] != first
        refused = await client.patch(copied.headers["Location"], json=given, headers={"If-Match": "*"})
        assert refused.status_code == 422
        assert "goes with it" in refused.text
