"""The administrator for emergencies: one password, one sign-in, one hour, and a record of all of it."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from brb_api_gateway.__main__ import break_glass
from brb_api_gateway.container import Container
from brb_api_gateway.identities.break_glass import new_password
from brb_api_gateway.settings import Settings
from brb_shared.access.model import BREAK_GLASS, PLATFORM, Subject, SubjectKind
from fakes.access import LocalAccess
from fakes.gateway import client_of
from fakes.identities import audited, rows


@pytest.fixture
def access(access: LocalAccess) -> LocalAccess:
    """As authz' seed has it."""
    access.bind("platform-admin", Subject(SubjectKind.USER, BREAK_GLASS), PLATFORM)
    return access


async def password_of(app: FastAPI) -> str:
    container: Container = app.state.container
    return await new_password(container.database)


async def attempt(client: httpx.AsyncClient, password: str) -> httpx.Response:
    return await client.post("/v1/sessions", json={"auth": {"method": "break_glass", "password": password}})


async def test_a_password_is_good_for_one_sign_in_and_an_hour(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    password = await password_of(app)
    answer = await attempt(anonymous, password)
    assert answer.status_code == 201, answer.text
    session = answer.json()
    assert (session["user"]["id"], session["method"]) == ("local:break-glass", "break_glass")
    assert (session["project"], session["cloud"], session["identity_provider"]) == (None, None, "local")
    assert datetime.fromisoformat(session["expires_at"]) <= datetime.now(UTC) + timedelta(hours=1)
    again = await attempt(anonymous, password)
    assert (again.status_code, again.json()["code"]) == (401, "sign_in_refused")


async def test_he_administers_the_platform(app: FastAPI, alice: httpx.AsyncClient) -> None:
    async with client_of(app) as client:
        token = (await attempt(client, await password_of(app))).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        await alice.post("/v1/clusters", json={"name": "hers"})
        assert [one["metadata"]["name"] for one in (await client.get("/v1/clusters")).json()["items"]] == ["hers"]
        assert (await client.patch("/v1/users/user-alice", json={"disabled": True})).status_code == 200


async def test_of_the_password_only_a_hash_is_kept(app: FastAPI) -> None:
    password = await password_of(app)
    kept = repr(await rows(app, "SELECT * FROM api_gateway.break_glass"))
    assert password not in kept
    assert password.removeprefix("brb_b_") not in kept
    assert len(password.removeprefix("brb_b_")) * 5 >= 160


async def test_a_wrong_password_does_not_use_the_right_one_up(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    password = await password_of(app)
    assert (await attempt(anonymous, password + "x")).status_code == 401
    assert (await attempt(anonymous, password)).status_code == 201


async def test_the_management_command_replaces_the_password(
    app: FastAPI, settings: Settings, anonymous: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    old = await password_of(app)
    capsys.readouterr()
    await break_glass(settings)
    new = capsys.readouterr().out.strip()
    assert (await attempt(anonymous, old)).status_code == 401
    assert (await attempt(anonymous, new)).status_code == 201


async def test_he_makes_no_tokens_that_outlast_him(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    token = (await attempt(anonymous, await password_of(app))).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = await anonymous.post("/v1/api-tokens", json={"name": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "break_glass_makes_no_tokens")


async def test_with_its_provider_disabled_nobody_gets_in_and_the_session_ends(
    app: FastAPI, admin: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    token = (await attempt(anonymous, await password_of(app))).json()["token"]
    path, headers = "/v1/identity-providers/local", {"If-Match": "*"}
    assert (await admin.patch(path, json={"disabled": True}, headers=headers)).status_code == 200
    current = await anonymous.get("/v1/sessions/current", headers={"Authorization": f"Bearer {token}"})
    assert current.status_code == 401
    password = await password_of(app)
    refused = await attempt(anonymous, password)
    assert (refused.status_code, refused.json()["code"]) == (403, "identity_provider_disabled")
    await admin.patch(path, json={"disabled": False}, headers=headers)
    assert (await attempt(anonymous, password)).status_code == 201, "a refusal does not use it up"


async def test_every_use_is_audited(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    password = await password_of(app)
    await attempt(anonymous, "wrong")
    token = (await attempt(anonymous, password)).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    await anonymous.patch("/v1/users/user-nobody", json={"disabled": True}, headers=headers)
    entries = await audited(app)
    assert {entry["user"]["id"] for entry in entries} == {BREAK_GLASS}
    told = [(each["target"]["resource"], each["response_code"], each["decision"]) for each in entries]
    assert told == [("sessions", 401, "deny"), ("sessions", 201, "none"), ("users", 404, "allow")]
    assert "wrong, was used before" in entries[0]["message"]
    assert password not in repr(entries)


class TestSwitchedOff:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"break_glass": False})

    async def test_nobody_gets_in_and_it_is_not_offered(self, app: FastAPI, anonymous: httpx.AsyncClient) -> None:
        answer = await attempt(anonymous, await password_of(app))
        assert (answer.status_code, answer.json()["code"]) == (403, "break_glass_off")
        offered = (await anonymous.get("/v1/sign-in-choices")).json()["items"]
        assert [choice["id"] for choice in offered] == ["keystone-test"]
