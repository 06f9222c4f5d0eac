"""Identity providers: issuers that administrators add, and Keystones and the break-glass user that are there."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from brb_api_gateway.container import Container
from brb_api_gateway.identities.client_secret import open_client_secret
from brb_api_gateway.identities.models import IdentityProviderRow
from brb_api_gateway.settings import Settings
from fakes.gateway import client_of
from fakes.gateway_cloud import RIGHT_PASSWORD
from fakes.identities import execute, rows, signed_in_by_oidc

SECRET = "issuer-secret-5d1f"
CORP = {
    "id": "corp",
    "display_name": "Corporate account",
    "issuer": "https://127.0.0.1:8443/realms/corp",
    "client_id": "brb",
    "client_secret": SECRET,
}
PATH = "/v1/identity-providers"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"oidc_allowed_networks": ("127.0.0.0/8",)})


async def add(admin: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    return await admin.post(PATH, json={**CORP, **changes})


async def change(admin: httpx.AsyncClient, id_: str, body: dict[str, Any], if_match: str = "*") -> httpx.Response:
    return await admin.patch(f"{PATH}/{id_}", json=body, headers={"If-Match": if_match})


async def choices(client: httpx.AsyncClient) -> list[str]:
    return [choice["id"] for choice in (await client.get("/v1/sign-in-choices")).json()["items"]]


async def test_an_issuer_is_added_and_offered_to_everybody(
    admin: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    made = await add(admin)
    assert (made.status_code, made.headers["Location"], made.headers["ETag"]) == (201, f"{PATH}/corp", '"1"')
    assert made.json()["scopes"] == ["openid", "profile", "email"]
    assert made.json()["groups_claim"] == "groups"
    offered = (await anonymous.get("/v1/sign-in-choices")).json()["items"]
    assert offered == [
        {"id": "corp", "kind": "oidc", "display_name": "Corporate account"},
        {"id": "keystone-test", "kind": "keystone", "display_name": "Test"},
        {"id": "local", "kind": "local", "display_name": "Break-glass administrator"},
    ]


async def test_only_administrators_see_or_change_them(alice: httpx.AsyncClient) -> None:
    for method, path in (("GET", PATH), ("POST", PATH), ("GET", f"{PATH}/local"), ("DELETE", f"{PATH}/local")):
        answer = await alice.request(method, path, json=CORP, headers={"If-Match": "*"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), path


async def test_the_clients_secret_is_sealed_and_never_given_back(app: FastAPI, admin: httpx.AsyncClient) -> None:
    made = await add(admin)
    assert made.json()["has_client_secret"] is True
    assert SECRET not in made.text
    assert SECRET not in (await admin.get(PATH)).text
    kept = repr(await rows(app, "SELECT * FROM api_gateway.identity_providers"))
    assert SECRET not in kept
    container: Container = app.state.container
    async with container.database.sessions() as session:
        row = await session.get_one(IdentityProviderRow, "corp")
    assert open_client_secret(container.keyring, row) == SECRET
    public = await change(admin, "corp", {"client_secret": None})
    assert public.json()["has_client_secret"] is False


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"issuer": "http://id.example"}, "/issuer"),
        ({"issuer": "https://10.0.0.1"}, "/issuer"),
        ({"issuer": "https://169.254.169.254/latest"}, "/issuer"),
        ({"issuer": "https://user:pw@127.0.0.1"}, "/issuer"),
        ({"id": "local"}, "/id"),
        ({"id": "keystone-mars"}, "/id"),
        ({"id": "Corp:x"}, "/id"),
        ({"scopes": ["profile"]}, "/scopes"),
        ({"kind": "keystone"}, "/kind"),
    ],
)
async def test_what_cannot_be_is_pointed_at(admin: httpx.AsyncClient, changes: dict[str, Any], pointer: str) -> None:
    answer = await add(admin, **changes)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_an_issuer_on_loopback_may_do_without_tls(admin: httpx.AsyncClient) -> None:
    assert (await add(admin, issuer="http://127.0.0.1:9999")).status_code == 201


async def test_a_change_needs_the_etag_and_the_issuer_stays(admin: httpx.AsyncClient) -> None:
    await add(admin)
    bare = await admin.patch(f"{PATH}/corp", json={"display_name": "X"})
    assert (bare.status_code, bare.json()["code"]) == (428, "if_match_missing")
    stale = await change(admin, "corp", {"display_name": "X"}, '"7"')
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    fresh = await change(admin, "corp", {"display_name": "X", "allowed_groups": ["ops"]}, '"1"')
    assert (fresh.status_code, fresh.headers["ETag"]) == (200, '"2"')
    assert (fresh.json()["display_name"], fresh.json()["allowed_groups"]) == ("X", ["ops"])
    assert (await change(admin, "corp", {"issuer": "https://evil.example"})).status_code == 422
    assert (await change(admin, "corp", {"display_name": None})).status_code == 422


async def test_a_disabled_issuer_is_not_offered_and_its_sessions_end(
    app: FastAPI, admin: httpx.AsyncClient, alice: httpx.AsyncClient
) -> None:
    await add(admin)
    async with signed_in_by_oidc(app, "dora") as dora, client_of(app) as machine:
        token = (await dora.post("/v1/api-tokens", json={"name": "ci"})).json()["token"]
        assert (await change(admin, "corp", {"disabled": True})).json()["disabled"] is True
        assert (await dora.get("/v1/sessions/current")).status_code == 401
        answer = await machine.get("/v1/clusters", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
    assert "corp" not in await choices(admin)
    assert (await alice.get("/v1/clusters")).status_code == 200, "Keystone's sessions go on"
    await change(admin, "corp", {"disabled": False})
    assert "corp" in await choices(admin)


async def test_a_session_that_slipped_through_is_refused_while_its_provider_is_disabled(
    app: FastAPI, admin: httpx.AsyncClient
) -> None:
    await add(admin)
    async with signed_in_by_oidc(app, "dora") as dora:
        await execute(app, "UPDATE api_gateway.identity_providers SET disabled_at = now()")
        answer = await dora.get("/v1/sessions/current")
    assert (answer.status_code, answer.json()["code"]) == (403, "identity_provider_disabled")


async def test_a_keystone_can_be_disabled_but_not_deleted_or_changed(
    app: FastAPI, admin: httpx.AsyncClient, anonymous: httpx.AsyncClient
) -> None:
    own = await change(admin, "keystone-test", {"disabled": True})
    assert (own.status_code, own.json()["code"]) == (409, "own_identity_provider")
    await add(admin)
    await execute(app, "UPDATE api_gateway.sessions SET identity_provider = 'corp'")  # carol, signed in elsewhere
    assert (await admin.get(f"{PATH}/keystone-test")).headers["ETag"] == '"0"'
    assert (await change(admin, "keystone-test", {"display_name": "X"})).status_code == 422
    gone = await admin.delete(f"{PATH}/keystone-test", headers={"If-Match": "*"})
    assert (gone.status_code, gone.json()["code"]) == (409, "not_removable")
    assert (await change(admin, "keystone-test", {"disabled": True}, '"0"')).status_code == 200
    body = {"auth": {"method": "password", "username": "alice", "password": RIGHT_PASSWORD}}
    refused = await anonymous.post("/v1/sessions", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "identity_provider_disabled")
    assert "keystone-test" not in await choices(anonymous)
    await change(admin, "keystone-test", {"disabled": False})
    assert (await anonymous.post("/v1/sessions", json=body)).status_code == 201


async def test_only_the_same_issuer_gets_the_id_of_a_deleted_one(app: FastAPI, admin: httpx.AsyncClient) -> None:
    await add(admin)
    assert (await add(admin)).json()["code"] == "name_taken"
    async with signed_in_by_oidc(app, "dora") as dora:
        answer = await admin.delete(f"{PATH}/corp", headers={"If-Match": '"1"'})
        assert answer.status_code == 204
        assert (await dora.get("/v1/sessions/current")).status_code == 401
    assert (await admin.get(f"{PATH}/corp")).status_code == 404
    assert "corp" not in await choices(admin)
    other = await add(admin, issuer="https://127.0.0.1:8443/realms/other")
    assert (other.status_code, other.json()["code"]) == (409, "id_was_used")
    again = await add(admin, display_name="Again")
    assert (again.status_code, again.json()["generation"], again.json()["disabled"]) == (201, 3, False)
    assert (await admin.get(f"{PATH}/corp")).json()["display_name"] == "Again"
