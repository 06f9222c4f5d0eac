"""The last step of a delete: the cluster's own credential goes from Keystone, whatever stands in the way."""

import httpx
import pytest

from brb_api_gateway.settings import Settings
from fakes.events import ServerEvent, until, watching
from fakes.gateway import client_of, running_app, sign_in, working
from fakes.gateway_cloud import NobodyMayForgetCloud, SlowToForgetCloud, WillingCloud
from fakes.served import serving


def is_gone(event: ServerEvent) -> bool:
    return event.name == "cluster" and event.data["type"] == "DELETED"


async def deleted(settings: Settings, cloud: WillingCloud) -> dict[str, object]:
    """The report of a cluster that was made and deleted."""
    async with running_app(settings, cloud) as app, client_of(app) as inside:
        await sign_in(inside, "alice")
        async with working(settings, cloud), serving(app, headers=dict(inside.headers)) as client:
            return await _delete_one(client)


async def _delete_one(client: httpx.AsyncClient) -> dict[str, object]:
    path = (await client.post("/v1/clusters", json={"name": "x"})).headers["Location"]
    async with watching(client, f"{path}/watch") as events:
        await client.delete(path, headers={"If-Match": "*"})
        await until(events, is_gone)
    report: dict[str, object] = (await client.get(f"{path}/deletion-report")).json()
    return report


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
    assert "its owner should delete it" in str(report["credential_message"])
