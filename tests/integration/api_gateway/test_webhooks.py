"""Webhooks from the API to a receiver that checks the signature."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from fakes.receivers import Receiver, receiving


async def register(client: httpx.AsyncClient, url: str, *event_types: str) -> dict[str, Any]:
    answer = await client.post("/v1/webhooks", json={"url": url, "event_types": list(event_types or ("*",))})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def deliveries(client: httpx.AsyncClient, webhook_id: str, **filters: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get(f"/v1/webhooks/{webhook_id}/deliveries", params=filters)).json()[
        "items"
    ]
    return items


async def until_state(client: httpx.AsyncClient, webhook_id: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(timedelta(seconds=30).total_seconds()):
        while not (found := await deliveries(client, webhook_id, state=state)):
            await asyncio.sleep(0.05)
    return found[0]


@pytest.mark.usefixtures("work")
async def test_a_delivery_is_signed_and_tells_what_happened(alice: httpx.AsyncClient) -> None:
    async with receiving(Receiver()) as receiver:
        webhook = await register(alice, receiver.url, "cluster.ClusterCreated")
        await alice.post("/v1/clusters", json={"name": "x"})
        await receiver.until(1)
        headers, body = receiver.got[0]
        payload = Webhook(webhook["secret"]).verify(body, headers)
        assert payload["type"] == "cluster.ClusterCreated"
        assert payload["data"]["project_id"] == "project-alice"
        with pytest.raises(WebhookVerificationError):
            Webhook(webhook["secret"]).verify(body.replace(b"ClusterCreated", b"ClusterDeleted"), headers)
        done = await until_state(alice, webhook["id"], "delivered")
        assert (done["id"], done["attempts"], done["last_status"]) == (headers["webhook-id"], 1, 204)


@pytest.mark.usefixtures("work")
async def test_a_failed_delivery_is_tried_again_then_dead_then_delivered_by_hand(alice: httpx.AsyncClient) -> None:
    async with receiving(Receiver(status=500)) as receiver:
        webhook = await register(alice, receiver.url, "cluster.*")
        await alice.post("/v1/clusters", json={"name": "x"})
        dead = await until_state(alice, webhook["id"], "dead")
        assert (dead["attempts"], dead["last_status"], dead["last_error"]) == (3, 500, "answered 500")
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        receiver.status = 200
        path = f"/v1/webhooks/{webhook['id']}/deliveries/{dead['id']}/redeliveries"
        assert (await alice.post(path)).status_code == 202
        assert (await until_state(alice, webhook["id"], "delivered"))["id"] == dead["id"]


@pytest.mark.usefixtures("work")
async def test_a_redirect_is_not_followed(alice: httpx.AsyncClient) -> None:
    async with receiving(Receiver()) as inside, receiving(Receiver(302, {"Location": inside.url})) as receiver:
        webhook = await register(alice, receiver.url)
        await alice.post("/v1/clusters", json={"name": "x"})
        await receiver.until(1)
        assert (await until_state(alice, webhook["id"], "dead"))["last_status"] == 302
        assert inside.got == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://localhost.invalid/",
        "http://user:secret@192.0.2.1/",
        "ftp://192.0.2.1/",
    ],
)
async def test_an_internal_address_is_refused(alice: httpx.AsyncClient, url: str) -> None:
    answer = await alice.post("/v1/webhooks", json={"url": url})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/url"


async def test_a_foreign_project_sees_no_webhook(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    webhook = await register(alice, "http://127.0.0.1:9/hook")
    path = f"/v1/webhooks/{webhook['id']}"
    for answer in (
        await bob.get(path),
        await bob.patch(path, json={"enabled": False}),
        await bob.delete(path),
        await bob.get(f"{path}/deliveries"),
    ):
        assert answer.status_code == 404
    assert (await bob.get("/v1/webhooks")).json()["items"] == []
    assert "secret" not in (await alice.get(path)).json()


async def test_a_webhook_that_is_off_or_wants_other_events_gets_none(alice: httpx.AsyncClient) -> None:
    off = await register(alice, "http://127.0.0.1:9/hook")
    changed = await alice.patch(f"/v1/webhooks/{off['id']}", json={"enabled": False})
    assert changed.json()["enabled"] is False
    other = await register(alice, "http://127.0.0.1:9/hook", "kubernetes.*")
    await alice.post("/v1/clusters", json={"name": "x"})
    assert await deliveries(alice, off["id"]) == []
    assert await deliveries(alice, other["id"]) == []


async def test_deleting_a_webhook_deletes_its_deliveries(alice: httpx.AsyncClient, app: FastAPI) -> None:
    webhook = await register(alice, "http://127.0.0.1:9/hook")
    await alice.post("/v1/clusters", json={"name": "x"})
    assert (await alice.delete(f"/v1/webhooks/{webhook['id']}")).status_code == 204
    async with app.state.container.database.engine.connect() as connection:
        count = await connection.execute(text("SELECT count(*) FROM api_gateway.webhook_deliveries"))
    assert count.scalar_one() == 0
