"""Sign-in by OIDC from end to end: the real gateway and an issuer that is not ours (oidc-provider-mock)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from brb_api_gateway.container import Container
from brb_api_gateway.housekeeping import Housekeeping
from brb_api_gateway.oidc.pkce import challenge_of, new_secret
from brb_api_gateway.settings import Settings
from brb_shared.access.model import Scope, Subject, SubjectKind
from fakes.access import LocalAccess
from fakes.gateway import client_of
from fakes.identities import audited
from fakes.oidc import CALLBACK, add_provider, callback, query_of, running_issuer, sign_in_at

ADA = {
    "sub": "7f3a",
    "preferred_username": "ada",
    "email": "ada@example.org",
    "groups": ["developers", "system:masters"],
}
LOOPBACK = "http://127.0.0.1:49200/done"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_issuer(ADA) as url:
        yield url


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"oidc_allowed_networks": ("127.0.0.0/8",)})


@pytest.fixture
async def corp(app: FastAPI, issuer: str) -> None:
    await add_provider(app, issuer)


async def begin(client: httpx.AsyncClient, **more: str) -> Any:
    body = {"identity_provider": "corp", "return_to": "/clusters?view=list", **more}
    answer = await client.post("/v1/sign-ins", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def rows(app: FastAPI, query: str) -> list[Any]:
    container: Container = app.state.container
    async with container.database.sessions() as session:
        return list((await session.scalars(text(query))).all())


@pytest.mark.usefixtures("corp")
async def test_a_browser_comes_back_signed_in(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    begun = await begin(anonymous)
    back = await sign_in_at(begun["authorization_url"], "7f3a")
    finished = await callback(anonymous, back)
    assert (finished.status_code, finished.headers["location"]) == (303, "/clusters?view=list")
    assert finished.headers["cache-control"] == "no-store"
    session_cookie = next(each for each in finished.headers.get_list("set-cookie") if each.startswith("brb_session="))
    assert "HttpOnly" in session_cookie
    assert "samesite=lax" in session_cookie.lower()

    current = (await anonymous.get("/v1/sessions/current")).json()
    assert current["user"] == {"id": "oidc:corp:7f3a", "name": "ada"}
    assert (current["method"], current["identity_provider"], current["project"]) == ("oidc", "corp", None)
    left = datetime.fromisoformat(current["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=11) < left <= timedelta(hours=12)
    assert await rows(app, "SELECT email FROM api_gateway.users") == ["ada@example.org"]
    assert await rows(app, "SELECT groups FROM api_gateway.users") == [
        ["oidc:corp:developers", "oidc:corp:system:masters"]
    ]


async def test_a_provider_that_an_administrator_adds_works_at_once_and_until_he_disables_it(
    admin: httpx.AsyncClient, anonymous: httpx.AsyncClient, issuer: str
) -> None:
    provider = {"id": "corp", "display_name": "Corp", "issuer": issuer, "client_id": "brb", "client_secret": "hush"}
    made = await admin.post("/v1/identity-providers", json=provider)
    assert made.status_code == 201, made.text
    choices = (await anonymous.get("/v1/sign-in-choices")).json()["items"]
    assert {"id": "corp", "kind": "oidc", "display_name": "Corp"} in choices
    await callback(anonymous, await sign_in_at((await begin(anonymous))["authorization_url"], "7f3a"))
    assert (await anonymous.get("/v1/sessions/current")).status_code == 200
    etag = {"If-Match": made.headers["ETag"]}
    changed = await admin.patch("/v1/identity-providers/corp", json={"disabled": True}, headers=etag)
    assert changed.status_code == 200, changed.text
    assert (await anonymous.get("/v1/sessions/current")).status_code == 401


@pytest.mark.usefixtures("corp")
async def test_a_sign_in_is_in_the_audit_log_once_and_without_secrets(
    app: FastAPI, anonymous: httpx.AsyncClient
) -> None:
    back = await sign_in_at((await begin(anonymous))["authorization_url"], "7f3a")
    await callback(anonymous, back)
    (entry,) = await audited(app)
    assert entry["user"]["id"] == "oidc:corp:7f3a"
    assert entry["target"] == {**entry["target"], "verb": "create", "resource": "sessions"}
    assert entry["response_code"] == 303
    assert back["code"] not in str(entry)


@pytest.mark.usefixtures("corp")
async def test_a_program_turns_its_code_into_a_session(anonymous: httpx.AsyncClient) -> None:
    verifier = new_secret()
    begun = await begin(anonymous, return_to=LOOPBACK, code_challenge=challenge_of(verifier))
    assert not anonymous.cookies, "a program has no cookie: its browser is another"
    back = await sign_in_at(begun["authorization_url"], "7f3a")
    finished = await callback(anonymous, back)
    assert finished.headers["location"].startswith(f"{LOOPBACK}?code=")
    assert "brb_session" not in str(finished.headers)

    auth = {"method": "oidc", "code": query_of(finished.headers["location"])["code"], "code_verifier": verifier}
    created = await anonymous.post("/v1/sessions", json={"auth": auth})
    assert created.status_code == 201, created.text
    assert created.json()["user"]["id"] == "oidc:corp:7f3a"
    bearer = {"Authorization": f"Bearer {created.json()['token']}"}
    assert (await anonymous.get("/v1/sessions/current", headers=bearer)).status_code == 200
    again = await anonymous.post("/v1/sessions", json={"auth": auth})
    assert (again.status_code, again.json()["code"]) == (401, "sign_in_refused")


@pytest.mark.usefixtures("corp")
async def test_a_code_is_worth_nothing_to_another_program(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    verifier = new_secret()
    begun = await begin(anonymous, return_to=LOOPBACK, code_challenge=challenge_of(verifier))
    finished = await callback(anonymous, await sign_in_at(begun["authorization_url"], "7f3a"))
    code = query_of(finished.headers["location"])["code"]
    for wrong in (new_secret(), verifier):
        auth = {"method": "oidc", "code": code, "code_verifier": wrong}
        refused = await anonymous.post("/v1/sessions", json={"auth": auth})
        assert (refused.status_code, refused.json()["code"]) == (401, "sign_in_refused"), "the first try used it up"
    assert [entry["decision"] for entry in await audited(app)] == ["deny", "deny"]


@pytest.mark.usefixtures("corp")
async def test_a_group_of_the_issuer_holds_roles(
    anonymous: httpx.AsyncClient, alice: httpx.AsyncClient, access: LocalAccess
) -> None:
    cluster = (await alice.post("/v1/clusters", json={"name": "shared"})).json()["metadata"]["id"]
    developers = Subject(SubjectKind.GROUP, "oidc:corp:developers")
    access.bind("cluster-viewer", developers, Scope.cluster(cluster))
    await callback(anonymous, await sign_in_at((await begin(anonymous))["authorization_url"], "7f3a"))
    listed = await anonymous.get("/v1/clusters")
    assert [item["metadata"]["name"] for item in listed.json()["items"]] == ["shared"]


@pytest.mark.usefixtures("corp")
async def test_who_changes_his_mind_is_led_back_with_the_reason(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    begun = await begin(anonymous)
    finished = await callback(anonymous, await sign_in_at(begun["authorization_url"], "nobody") | state_of(begun))
    told = query_of(finished.headers["location"])
    assert finished.headers["location"].startswith("/clusters?view=list&error=sign_in_refused")
    assert "access_denied" in told["error_description"]
    assert "brb_session" not in str(finished.headers)
    assert [entry["decision"] for entry in await audited(app)] == ["deny"]


def state_of(begun: dict[str, str]) -> dict[str, str]:
    """oidc-provider-mock forgets it when it says no. Source: RFC 6749, 4.1.2.1 asks for it."""
    return {"state": query_of(begun["authorization_url"])["state"]}


@pytest.mark.usefixtures("corp")
async def test_a_state_is_good_once(anonymous: httpx.AsyncClient) -> None:
    back = await sign_in_at((await begin(anonymous))["authorization_url"], "7f3a")
    assert (await callback(anonymous, back)).headers["location"] == "/clusters?view=list"
    again = await callback(anonymous, back)
    assert (again.status_code, again.json()["code"]) == (401, "sign_in_refused")
    assert "begin again" in again.json()["detail"]


async def test_an_unknown_state_is_a_plain_problem(anonymous: httpx.AsyncClient) -> None:
    answer = await callback(anonymous, {"code": "x", "state": "y"})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")


@pytest.mark.usefixtures("corp")
async def test_a_sign_in_that_took_too_long_is_over(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    back = await sign_in_at((await begin(anonymous))["authorization_url"], "7f3a")
    container: Container = app.state.container
    async with container.database.sessions.begin() as session:
        await session.execute(text("UPDATE api_gateway.sign_ins SET expires_at = now() - interval '1 second'"))
    assert (await callback(anonymous, back)).status_code == 401
    await Housekeeping(container.database, container.settings, container.credentials).reconcile()
    assert await rows(app, "SELECT id FROM api_gateway.sign_ins") == []


@pytest.mark.usefixtures("corp")
async def test_a_code_is_good_for_a_minute(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    verifier = new_secret()
    begun = await begin(anonymous, return_to=LOOPBACK, code_challenge=challenge_of(verifier))
    finished = await callback(anonymous, await sign_in_at(begun["authorization_url"], "7f3a"))
    (left,) = await rows(app, "SELECT expires_at - now() FROM api_gateway.sign_in_codes")
    assert left <= timedelta(minutes=1)
    container: Container = app.state.container
    async with container.database.sessions.begin() as session:
        await session.execute(text("UPDATE api_gateway.sign_in_codes SET expires_at = now() - interval '1 second'"))
    code = query_of(finished.headers["location"])["code"]
    auth = {"method": "oidc", "code": code, "code_verifier": verifier}
    assert (await anonymous.post("/v1/sessions", json={"auth": auth})).status_code == 401
    await Housekeeping(container.database, container.settings, container.credentials).reconcile()
    assert await rows(app, "SELECT code_challenge FROM api_gateway.sign_in_codes") == []


@pytest.mark.usefixtures("corp")
async def test_another_browser_cannot_finish_it(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    """Or a page could sign people in as its own user."""
    back = await sign_in_at((await begin(anonymous))["authorization_url"], "7f3a")
    async with client_of(app) as other:
        refused = await callback(other, back)
        assert (refused.status_code, refused.json()["code"]) == (403, "sign_in_of_another_browser")
        await begin(other)
        back = await sign_in_at((await begin(anonymous))["authorization_url"], "7f3a")
        assert (await callback(other, back)).status_code == 403, "nor with a cookie of its own"
    assert [entry["decision"] for entry in await audited(app)] == ["deny", "deny"]


@pytest.mark.usefixtures("corp")
async def test_what_is_kept_of_a_sign_in_is_hashed_or_sealed(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    asked = query_of((await begin(anonymous))["authorization_url"])
    cookie = anonymous.cookies["brb_sign_in"]
    (kept,) = await rows(
        app, "SELECT row_to_json(s)::text || encode(sealed_attempt, 'escape') FROM api_gateway.sign_ins s"
    )
    for secret in (asked["state"], asked["nonce"], cookie):
        assert secret not in kept


@pytest.mark.parametrize(
    "body",
    [
        {"return_to": "//evil.example"},
        {"return_to": "/\\evil.example"},
        {"return_to": "https://evil.example/"},
        {"return_to": "http://127.0.0.1:49200/done"},
        {"return_to": "clusters"},
        {"return_to": "/a\nb"},
        {"return_to": "/", "code_challenge": challenge_of("x")},
        {"return_to": "http://localhost:49200/", "code_challenge": challenge_of("x")},
        {"return_to": "http://127.0.0.1.evil.example:1/", "code_challenge": challenge_of("x")},
        {"return_to": "http://127.0.0.1:1@evil.example/", "code_challenge": challenge_of("x")},
        {"return_to": "http://127.0.0.1/", "code_challenge": challenge_of("x")},
        {"return_to": LOOPBACK, "code_challenge": "short"},
        {"return_to": "/", "identity_provider": "nobody"},
        {"return_to": "/", "identity_provider": "keystone-test"},
        {"return_to": "/", "identity_provider": "local"},
    ],
)
@pytest.mark.usefixtures("corp")
async def test_a_sign_in_that_would_lead_elsewhere_is_not_begun(
    anonymous: httpx.AsyncClient, body: dict[str, str]
) -> None:
    answer = await anonymous.post("/v1/sign-ins", json={"identity_provider": "corp", **body})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_the_issuer_is_told_the_public_address(app: FastAPI, anonymous: httpx.AsyncClient, corp: None) -> None:
    assert query_of((await begin(anonymous))["authorization_url"])["redirect_uri"] == "http://127.0.0.1:8080" + CALLBACK
