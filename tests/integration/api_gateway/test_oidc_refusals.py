"""Sign-ins by OIDC that end badly, at the real gateway. The issuer is the tests' own, over real HTTP."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import Response

from brb_api_gateway.oidc.pkce import challenge_of, new_secret
from brb_api_gateway.settings import Settings
from fakes.gateway import client_of, running_app
from fakes.gateway_cloud import WillingCloud
from fakes.identities import audited, execute, rows
from fakes.oidc import add_provider, callback, query_of
from fakes.oidc_issuer import CLIENT_SECRET, Issuer
from fakes.served import serving
from integration.api_gateway.test_oidc_sign_in import begin

LOOPBACK = "http://127.0.0.1:49200/"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer("")
    async with serving(issuer) as client:
        issuer.url = str(client.base_url).rstrip("/")
        yield issuer


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"oidc_allowed_networks": ("127.0.0.0/8",)})


@pytest.fixture
async def corp(app: FastAPI, issuer: Issuer) -> None:
    await add_provider(app, issuer.url, secret=CLIENT_SECRET)


async def walk(client: httpx.AsyncClient, issuer: Issuer) -> dict[str, str]:
    """The query at the end of it."""
    back = issuer.authorize((await begin(client))["authorization_url"])
    finished = await callback(client, back)
    assert finished.status_code == 303, finished.text
    return query_of(finished.headers["location"])


@pytest.mark.usefixtures("corp")
async def test_the_walk_as_it_should_be(issuer: Issuer, anonymous: httpx.AsyncClient) -> None:
    assert await walk(anonymous, issuer) == {"view": "list"}
    assert (await anonymous.get("/v1/sessions/current")).json()["user"]["id"] == "oidc:corp:7f3a"


@pytest.mark.usefixtures("corp")
async def test_a_forged_token_signs_nobody_in(app: FastAPI, issuer: Issuer, anonymous: httpx.AsyncClient) -> None:
    def unsigned(claims: dict[str, Any]) -> str:
        parts = (base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in ({"alg": "none"}, claims))
        return b".".join((*parts, b"")).decode()

    issuer.id_token = unsigned
    told = await walk(anonymous, issuer)
    assert told["error"] == "id_token_refused"
    assert "its algorithm" in told["error_description"]
    assert CLIENT_SECRET not in str(told)
    assert (await anonymous.get("/v1/sessions/current")).status_code == 401


@pytest.mark.usefixtures("corp")
async def test_a_code_of_another_sign_in_is_refused_by_the_issuer(issuer: Issuer, anonymous: httpx.AsyncClient) -> None:
    """What PKCE is for: a stolen code is brought to a sign-in that somebody else began."""
    stolen = issuer.authorize((await begin(anonymous))["authorization_url"])["code"]
    back = issuer.authorize((await begin(anonymous))["authorization_url"])
    told = query_of((await callback(anonymous, {**back, "code": stolen})).headers["location"])
    assert told["error"] == "sign_in_refused"


@pytest.mark.usefixtures("corp")
async def test_an_answer_in_the_name_of_another_issuer_is_refused(issuer: Issuer, anonymous: httpx.AsyncClient) -> None:
    issuer.callback = {"iss": "https://evil.example"}
    assert (await walk(anonymous, issuer))["error"] == "sign_in_refused"
    assert issuer.asked["/token"] == 0


@pytest.mark.usefixtures("corp")
async def test_a_disabled_provider_lets_nobody_in(app: FastAPI, issuer: Issuer, anonymous: httpx.AsyncClient) -> None:
    back = issuer.authorize((await begin(anonymous))["authorization_url"])
    await execute(app, "UPDATE api_gateway.identity_providers SET disabled_at = now()")
    told = query_of((await callback(anonymous, back)).headers["location"])
    assert told["error"] == "identity_provider_disabled", "also who had begun before"
    refused = await anonymous.post("/v1/sign-ins", json={"identity_provider": "corp", "return_to": "/"})
    assert (refused.status_code, refused.json()["code"]) == (403, "identity_provider_disabled")


@pytest.mark.usefixtures("corp")
async def test_a_deleted_provider_is_none(app: FastAPI, issuer: Issuer, anonymous: httpx.AsyncClient) -> None:
    await execute(app, "UPDATE api_gateway.identity_providers SET deleted_at = now()")
    refused = await anonymous.post("/v1/sign-ins", json={"identity_provider": "corp", "return_to": "/"})
    assert refused.status_code == 422


@pytest.mark.usefixtures("corp")
async def test_a_disabled_user_is_not_let_in_by_either_form(
    app: FastAPI, issuer: Issuer, anonymous: httpx.AsyncClient
) -> None:
    await walk(anonymous, issuer)
    anonymous.cookies.clear()
    await execute(app, "UPDATE api_gateway.users SET disabled_at = now()")
    assert (await walk(anonymous, issuer))["error"] == "user_disabled"

    verifier = new_secret()
    begun = await begin(anonymous, return_to=LOOPBACK, code_challenge=challenge_of(verifier))
    finished = await callback(anonymous, issuer.authorize(begun["authorization_url"]))
    auth = {"method": "oidc", "code": query_of(finished.headers["location"])["code"], "code_verifier": verifier}
    refused = await anonymous.post("/v1/sessions", json={"auth": auth})
    assert (refused.status_code, refused.json()["code"]) == (403, "user_disabled")
    _, by_browser, by_program = await audited(app)
    assert (by_browser["decision"], by_program["decision"]) == ("deny", "deny")
    assert by_browser["user"]["id"] == "oidc:corp:7f3a"


@pytest.mark.usefixtures("corp")
async def test_groups_follow_the_newest_sign_in(app: FastAPI, issuer: Issuer, anonymous: httpx.AsyncClient) -> None:
    for groups in (["a", "b"], ["b"]):
        issuer.claims = {"groups": groups, "name": "Ada"}
        await walk(anonymous, issuer)
        kept = await rows(app, "SELECT groups FROM api_gateway.users")
        assert kept == [([f"oidc:corp:{group}" for group in groups],)]


async def test_only_the_allowed_groups_get_in(app: FastAPI, issuer: Issuer, anonymous: httpx.AsyncClient) -> None:
    await add_provider(app, issuer.url, secret=CLIENT_SECRET, allowed_groups=["ops"])
    issuer.claims = {"groups": ["sales"]}
    assert (await walk(anonymous, issuer))["error"] == "sign_in_not_allowed"
    issuer.claims = {"groups": ["ops"]}
    assert "error" not in await walk(anonymous, issuer)


@pytest.mark.usefixtures("corp")
async def test_an_issuer_that_is_away_is_said_to_be(issuer: Issuer, anonymous: httpx.AsyncClient) -> None:
    issuer.replaced["/.well-known/openid-configuration"] = lambda: Response(status_code=503)
    answer = await anonymous.post("/v1/sign-ins", json={"identity_provider": "corp", "return_to": "/"})
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unavailable")
    assert answer.headers["retry-after"] == "60"


async def test_nobody_listening_is_said_too(app: FastAPI, anonymous: httpx.AsyncClient) -> None:
    await add_provider(app, "http://127.0.0.1:9")
    answer = await anonymous.post("/v1/sign-ins", json={"identity_provider": "corp", "return_to": "/"})
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer_unavailable")


@pytest.mark.usefixtures("corp")
async def test_a_configuration_that_leads_elsewhere_is_not_followed(
    issuer: Issuer, anonymous: httpx.AsyncClient
) -> None:
    issuer.replaced["/.well-known/openid-configuration"] = lambda: Response(
        status_code=307, headers={"Location": f"{issuer.url}/elsewhere"}
    )
    answer = await anonymous.post("/v1/sign-ins", json={"identity_provider": "corp", "return_to": "/"})
    assert (answer.status_code, answer.json()["code"]) == (502, "issuer_misconfigured")
    assert issuer.asked["/elsewhere"] == 0


async def test_an_internal_issuer_is_not_asked_unless_allowed(settings: Settings, issuer: Issuer) -> None:
    strict = settings.model_copy(update={"oidc_allowed_networks": ()})
    async with running_app(strict, WillingCloud()) as app, client_of(app) as client:
        await add_provider(app, issuer.url)
        answer = await client.post("/v1/sign-ins", json={"identity_provider": "corp", "return_to": "/"})
    assert (answer.status_code, answer.json()["code"]) == (502, "issuer_misconfigured")
    assert "internal address" in answer.json()["detail"]
    assert issuer.asked.total() == 0


@pytest.mark.usefixtures("corp")
async def test_the_issuer_decides_nothing_about_where_the_browser_goes(
    issuer: Issuer, anonymous: httpx.AsyncClient
) -> None:
    back = issuer.authorize((await begin(anonymous))["authorization_url"])
    query = {"state": back["state"], "error": "x\r\nLocation: https://evil.example", "error_description": "y" * 1_000}
    finished = await callback(anonymous, query)
    assert finished.headers["location"].startswith("/clusters?view=list&error=sign_in_refused&")
    assert len(finished.headers["location"]) < 500


async def test_behind_tls_every_cookie_is_secure(settings: Settings, issuer: Issuer) -> None:
    """TLS may end at a proxy: the platform is told its public address."""
    public = settings.model_copy(update={"public_url": "https://brb.example.org/"})
    async with running_app(public, WillingCloud()) as app, client_of(app) as client:
        await add_provider(app, issuer.url, secret=CLIENT_SECRET)
        begun = await client.post("/v1/sign-ins", json={"identity_provider": "corp", "return_to": "/"})
        address = begun.json()["authorization_url"]
        assert query_of(address)["redirect_uri"] == "https://brb.example.org/v1/sign-ins/callback"
        cookie = {"Cookie": f"brb_sign_in={client.cookies['brb_sign_in']}"}
        finished = await client.get("/v1/sign-ins/callback", params=issuer.authorize(address), headers=cookie)
    set_cookies = [*begun.headers.get_list("set-cookie"), finished.headers.get_list("set-cookie")[-1]]
    assert [each.partition("=")[0] for each in set_cookies] == ["brb_sign_in", "brb_session"]
    assert all("; secure" in each.lower() for each in set_cookies)
