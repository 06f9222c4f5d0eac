"""Sign-in, clouds and credentials, over a real PostgreSQL."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from brb_api_gateway.credentials.removal import CredentialRemoval
from brb_api_gateway.database import Work
from brb_api_gateway.settings import Settings
from brb_shared.contracts.registry import Service
from brb_shared.reconcile import Absent, Lease
from fakes.gateway import Services, client_of, running_app, sign_in
from fakes.gateway_cloud import (
    CANARY_SECRET,
    RIGHT_PASSWORD,
    DyingRequestCloud,
    RestrictedSessionCloud,
    SilentCloud,
    WillingCloud,
)


def password(username: str = "alice", secret: str = RIGHT_PASSWORD, **more: Any) -> dict[str, Any]:
    return {"auth": {"method": "password", "username": username, "password": secret}, **more}


async def test_a_session_tells_who_and_which_project(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/v1/sessions", json=password())
    assert answer.status_code == 201
    token = answer.json()["token"]
    assert token.startswith("brb_")
    current = await anonymous.get("/v1/sessions/current", headers={"Authorization": f"Bearer {token}"})
    assert current.json()["user"]["name"] == "alice"
    assert current.json()["project"]["id"] == "project-alice"
    assert "token" not in current.json()


async def test_a_wrong_password_answers_401_with_a_sentence(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/v1/sessions", json=password(secret="wrong"))
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
    assert "does not accept the sign-in" in answer.json()["detail"]


async def test_a_cloud_that_is_down_answers_503(settings: Settings) -> None:
    async with running_app(settings, SilentCloud()) as app, client_of(app) as client:
        answer = await client.post("/v1/sessions", json=password())
    assert (answer.status_code, answer.json()["code"]) == (503, "cloud_unavailable")


async def test_an_unknown_cloud_is_pointed_at(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/v1/sessions", json=password(cloud="mars"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {"pointer": "/cloud", "detail": "name one of the clouds: test"}


async def test_nothing_is_open_to_those_who_have_not_signed_in(anonymous: httpx.AsyncClient) -> None:
    for path in ("/v1/clusters", "/v1/credentials", "/v1/webhooks", "/v1/watch/clusters", "/v1/sessions/current"):
        answer = await anonymous.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), path
    assert (await anonymous.get("/v1/clouds")).json()["items"][0]["id"] == "test"


async def test_signing_out_ends_the_session(alice: httpx.AsyncClient) -> None:
    assert (await alice.delete("/v1/sessions/current")).status_code == 204
    assert (await alice.get("/v1/sessions/current")).status_code == 401


async def test_a_cookie_signs_in_but_not_from_another_site(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/v1/sessions", json=password(cookie=True))
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    assert (await anonymous.get("/v1/sessions/current")).status_code == 200
    foreign = await anonymous.post("/v1/clusters", json={"name": "x"}, headers={"Origin": "https://evil.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "cross_site")
    own = await anonymous.post("/v1/clusters", json={"name": "x"}, headers={"Origin": "http://gateway"})
    assert own.status_code == 201


async def test_choices_are_the_sessions_clouds_only(alice: httpx.AsyncClient) -> None:
    choices = (await alice.get("/v1/clouds/test/choices")).json()
    assert [flavor["name"] for flavor in choices["flavors"]] == ["m1.small", "m1.medium", "m1.large"]
    assert choices["kubernetes_versions"][0] == {
        "version": "1.36.3",
        "supported": True,
        "default": True,
        "reason": "Installed from the artifact source and tested by this platform",
    }
    assert (await alice.get("/v1/clouds/mars/choices")).status_code == 404


async def test_a_given_credential_must_be_restricted_and_of_the_project(alice: httpx.AsyncClient) -> None:
    async def register(id_: str) -> httpx.Response:
        body = {"name": "own", "application_credential_id": id_, "application_credential_secret": CANARY_SECRET}
        return await alice.post("/v1/credentials", json=body)

    assert "unrestricted" in (await register("unrestricted")).json()["detail"]
    assert "another project" in (await register("of-bob")).json()["detail"]
    assert (await register("wrong")).status_code == 422
    good = await register("good")
    assert good.status_code == 201
    assert CANARY_SECRET not in good.text
    assert not good.json()["created_by_platform"]
    half = await alice.post("/v1/credentials", json={"name": "own", "application_credential_id": "good"})
    assert half.status_code == 422


async def test_a_credential_in_use_cannot_be_deleted(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    credential = (await alice.post("/v1/credentials", json={"name": "team"})).json()
    path = f"/v1/credentials/{credential['id']}"
    spec = {"cloud_credential_id": credential["id"]}
    assert (await alice.post("/v1/clusters", json={"name": "x", "spec": spec})).status_code == 201
    refused = await alice.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert (await bob.get(path)).status_code == 404
    assert (await bob.delete(path)).status_code == 404


async def test_a_restricted_session_is_told_what_to_do(settings: Settings) -> None:
    async with running_app(settings, RestrictedSessionCloud()) as app, client_of(app) as client:
        await sign_in(client, "alice")
        client_session = {"auth": {"method": "application_credential", "id": "none", "secret": "x"}}
        assert (await client.post("/v1/sessions", json=client_session)).status_code == 401
        answer = await client.post("/v1/clusters", json={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "ERR_INFRA_UNAUTHORIZED")


async def test_workers_get_the_secret_and_nobody_else(
    alice: httpx.AsyncClient, anonymous: httpx.AsyncClient, services: Services
) -> None:
    credential = (await alice.post("/v1/credentials", json={"name": "team"})).json()
    path = f"/internal/v1/credentials/{credential['id']}"
    for service in (Service.PROVISIONER, Service.INSTALLER):
        headers = services.keys[service].headers(Service.API_GATEWAY)
        answer = await anonymous.get(path, headers=headers)
        assert answer.json()["application_credential_secret"].startswith(CANARY_SECRET)
    assert (await anonymous.get(path)).status_code == 401
    assert (await alice.get(path)).status_code == 401
    own = services.keys[Service.API_GATEWAY].headers(Service.API_GATEWAY)
    assert (await anonymous.get(path, headers=own)).status_code == 403
    wrong_audience = services.keys[Service.PROVISIONER].headers(Service.INSTALLER)
    assert (await anonymous.get(path, headers=wrong_audience)).status_code == 401
    worker = services.keys[Service.PROVISIONER].headers(Service.API_GATEWAY)
    assert (await anonymous.get("/internal/v1/credentials/cr-none", headers=worker)).status_code == 404


async def test_no_secret_stands_in_clear_in_the_database(alice: httpx.AsyncClient, app: FastAPI) -> None:
    await alice.post("/v1/clusters", json={"name": "x"})
    async with app.state.container.database.engine.connect() as connection:
        tables = (
            await connection.execute(
                text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'api_gateway'")
            )
        ).scalars()
        for table in tables.all():
            rows = (await connection.execute(text(f'SELECT t::text FROM api_gateway."{table}" t'))).scalars().all()
            for row in rows:
                assert CANARY_SECRET not in row, table
                assert CANARY_SECRET.encode().hex() not in row, table
                assert alice.headers["Authorization"].removeprefix("Bearer ") not in row, table


async def test_what_a_dying_request_left_in_keystone_is_found_by_its_name(settings: Settings) -> None:
    cloud = DyingRequestCloud()
    async with running_app(settings, cloud) as app, client_of(app) as client:
        await sign_in(client, "alice")
        assert (await client.post("/v1/clusters", json={"name": "x"})).status_code == 503
        assert len(cloud.credentials) == 1
        assert (await client.get("/v1/clusters")).json()["items"] == []
        container = app.state.container
        removal = CredentialRemoval(container.database, container.clouds, cloud, container.sessions)
        async with container.database.sessions.begin() as session:
            credential_id = (await session.execute(text("SELECT id FROM api_gateway.credentials"))).scalar_one()
            await session.execute(text("UPDATE api_gateway.credentials SET created_at = now() - interval '1 hour'"))
            await session.execute(text("UPDATE api_gateway.work SET lease_token = 1"))
        result = await removal.reconcile(credential_id, Lease(credential_id, 1, 1, 0, Work))
    assert isinstance(result, Absent)
    assert cloud.credentials == {}


@pytest.mark.usefixtures("work")
async def test_a_deleted_credential_goes_from_keystone_too(alice: httpx.AsyncClient, cloud: WillingCloud) -> None:
    credential = (await alice.post("/v1/credentials", json={"name": "team"})).json()
    assert (await alice.delete(f"/v1/credentials/{credential['id']}")).status_code == 204
    async with asyncio.timeout(timedelta(seconds=20).total_seconds()):
        while cloud.credentials:
            await asyncio.sleep(0.05)
