"""API tokens: what they reach, and that they end at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from brb_api_gateway.container import Container
from brb_api_gateway.housekeeping import Housekeeping
from fakes.gateway import client_of
from fakes.gateway_cloud import CANARY_SECRET, WillingCloud


async def make(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v1/api-tokens", json={"name": "ci", **more})
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def by(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def rows(app: FastAPI, query: str) -> list[Any]:
    container: Container = app.state.container
    async with container.database.sessions() as session:
        return list((await session.execute(text(query))).all())


async def test_a_token_acts_for_its_maker_also_where_the_cloud_is_asked(app: FastAPI, alice: httpx.AsyncClient) -> None:
    made = await make(alice)
    assert made["token"].startswith("brb_t_")
    async with client_of(app) as machine:
        machine.headers.update(by(made["token"]))
        current = (await machine.get("/v1/sessions/current")).json()
        assert (current["user"]["name"], current["method"]) == ("alice", "api_token")
        assert (await machine.get("/v1/clouds/test/choices")).status_code == 200
    (listed,) = (await alice.get("/v1/api-tokens")).json()["items"]
    assert listed["last_used_at"] is not None
    assert "token" not in listed


async def test_neither_the_token_nor_its_credential_is_kept_in_clear(app: FastAPI, alice: httpx.AsyncClient) -> None:
    token = (await make(alice))["token"]
    kept = repr(await rows(app, "SELECT * FROM api_gateway.api_tokens"))
    kept += repr(await rows(app, "SELECT * FROM api_gateway.credentials"))
    assert token not in kept
    assert token.removeprefix("brb_t_") not in kept
    assert CANARY_SECRET not in kept


@pytest.mark.parametrize(
    ("verbs", "resources", "method", "path", "status"),
    [
        (["get", "list"], ["*"], "GET", "/v1/clusters", 200),
        (["get", "list"], ["*"], "POST", "/v1/clusters", 403),
        (["*"], ["clusters"], "GET", "/v1/clusters", 200),
        (["*"], ["clusters"], "GET", "/v1/credentials", 403),
        (["*"], ["clusters"], "POST", "/v1/clusters/c-0123456789/kubeconfigs", 403),
        (["*"], ["clusters/*"], "GET", "/v1/clusters/c-0123456789/events", 404),
        (["*"], ["clusters/*"], "GET", "/v1/clusters", 403),
    ],
)
async def test_a_token_reaches_as_far_as_it_says(
    app: FastAPI, alice: httpx.AsyncClient, verbs: list[str], resources: list[str], method: str, path: str, status: int
) -> None:
    made = await make(alice, verbs=verbs, resources=resources)
    async with client_of(app) as machine:
        answer = await machine.request(method, path, headers=by(made["token"]), json={"metadata": {"name": "x"}})
    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["code"] == "token_scope"


async def test_a_token_makes_no_tokens(app: FastAPI, alice: httpx.AsyncClient) -> None:
    made = await make(alice)
    async with client_of(app) as machine:
        answer = await machine.post("/v1/api-tokens", json={"name": "more"}, headers=by(made["token"]))
    assert (answer.status_code, answer.json()["code"]) == (403, "token_cannot_make_tokens")


async def test_a_revoked_token_ends_at_once_and_its_credential_begins_to_go(
    app: FastAPI, alice: httpx.AsyncClient
) -> None:
    made = await make(alice)
    assert (await alice.delete(f"/v1/api-tokens/{made['id']}")).status_code == 204
    async with client_of(app) as machine:
        answer = await machine.get("/v1/clusters", headers=by(made["token"]))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    ((state, sealed),) = await rows(app, "SELECT state, sealed_secret FROM api_gateway.credentials")
    assert (state, sealed) == ("deleting", None)


async def test_tokens_are_their_makers_alone(app: FastAPI, alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    made = await make(alice)
    assert (await bob.get("/v1/api-tokens")).json()["items"] == []
    assert (await bob.delete(f"/v1/api-tokens/{made['id']}")).status_code == 404


async def test_an_expired_token_is_refused_and_goes_with_its_credential(app: FastAPI, alice: httpx.AsyncClient) -> None:
    made = await make(alice)
    container: Container = app.state.container
    async with container.database.sessions.begin() as session:
        past = {"past": datetime.now(UTC) - timedelta(minutes=1)}
        await session.execute(text("UPDATE api_gateway.api_tokens SET expires_at = :past"), past)
    async with client_of(app) as machine:
        assert (await machine.get("/v1/clusters", headers=by(made["token"]))).status_code == 401
    await Housekeeping(container.database, container.settings, container.credentials).reconcile()
    assert await rows(app, "SELECT id FROM api_gateway.api_tokens") == []
    assert await rows(app, "SELECT state FROM api_gateway.credentials") == [("deleting",)]


async def test_a_given_credential_that_keystone_refuses_makes_no_token(
    alice: httpx.AsyncClient, cloud: WillingCloud
) -> None:
    body = {"name": "ci", "application_credential_id": "wrong", "application_credential_secret": "wrong"}
    answer = await alice.post("/v1/api-tokens", json=body)
    assert answer.status_code == 422
    assert (await alice.get("/v1/api-tokens")).json()["items"] == []
