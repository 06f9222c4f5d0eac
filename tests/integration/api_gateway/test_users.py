"""Users: known from their sign-ins, with the groups of the last one; disabled, everything of theirs ends."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from brb_shared.access.model import Scope, Subject, SubjectKind
from fakes.access import LocalAccess
from fakes.events import until, watching
from fakes.gateway import client_of, sign_in
from fakes.gateway_cloud import RIGHT_PASSWORD, SecretiveCloud, WillingCloud
from fakes.identities import audited, execute, rows, signed_in_by_oidc
from fakes.served import serving

GROUP = "keystone:test:group:g-1"


async def set_disabled(admin: httpx.AsyncClient, user_id: str, disabled: bool = True) -> dict[str, Any]:
    answer = await admin.patch(f"/v1/users/{user_id}", json={"disabled": disabled})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def attempt(client: httpx.AsyncClient, username: str) -> httpx.Response:
    body = {"auth": {"method": "password", "username": username, "password": RIGHT_PASSWORD}}
    return await client.post("/v1/sessions", json=body)


async def test_who_has_signed_in_is_listed_page_by_page(
    admin: httpx.AsyncClient, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    first = (await admin.get("/v1/users", params={"page_size": 2})).json()
    second = (await admin.get("/v1/users", params={"page_size": 2, "page_token": first["next_page_token"]})).json()
    found = [user["id"] for user in (*first["items"], *second["items"])]
    assert found == ["user-alice", "user-bob", "user-carol"]
    assert second["next_page_token"] is None


async def test_users_are_found_by_provider_and_by_being_disabled(
    app: FastAPI, admin: httpx.AsyncClient, alice: httpx.AsyncClient
) -> None:
    async def ids(**filters: str) -> list[str]:
        return [user["id"] for user in (await admin.get("/v1/users", params=filters)).json()["items"]]

    async with signed_in_by_oidc(app, "dora|1/x"):
        pass
    await set_disabled(admin, "user-alice")
    assert await ids(identity_provider="corp") == ["oidc:corp:dora|1/x"]
    assert await ids(disabled="true") == ["user-alice"]
    assert await ids(disabled="false", identity_provider="keystone-test") == ["user-carol"]
    dora = (await admin.get("/v1/users/oidc:corp:dora%7C1%2Fx")).json()
    assert (dora["subject"], dora["email"]) == ("dora|1/x", "dora|1/x@corp.example")


async def test_only_administrators_see_users(alice: httpx.AsyncClient) -> None:
    for method, path in (("GET", "/v1/users"), ("GET", "/v1/users/user-alice"), ("PATCH", "/v1/users/user-bob")):
        answer = await alice.request(method, path, json={"disabled": True})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), path


async def test_groups_of_keystone_give_what_they_are_bound_to_and_follow_the_last_sign_in(
    app: FastAPI, alice: httpx.AsyncClient, access: LocalAccess, cloud: WillingCloud
) -> None:
    id_ = (await alice.post("/v1/clusters", json={"name": "shared"})).json()["metadata"]["id"]
    access.bind("cluster-viewer", Subject(SubjectKind.GROUP, GROUP), Scope.cluster(id_))
    cloud.groups["user-bob"] = ("g-1",)
    async with client_of(app) as bob, client_of(app) as again:
        await sign_in(bob, "bob")
        assert (await bob.get(f"/v1/clusters/{id_}")).status_code == 200
        cloud.groups["user-bob"] = ()
        await sign_in(again, "bob")
        assert (await bob.get(f"/v1/clusters/{id_}")).status_code == 404, "the older session follows"


async def test_an_api_token_follows_its_makers_groups(
    app: FastAPI, alice: httpx.AsyncClient, access: LocalAccess, cloud: WillingCloud
) -> None:
    id_ = (await alice.post("/v1/clusters", json={"name": "shared"})).json()["metadata"]["id"]
    access.bind("cluster-viewer", Subject(SubjectKind.GROUP, GROUP), Scope.cluster(id_))
    async with client_of(app) as bob, client_of(app) as machine:
        await sign_in(bob, "bob")
        token = (await bob.post("/v1/api-tokens", json={"name": "ci"})).json()["token"]
        machine.headers["Authorization"] = f"Bearer {token}"
        assert (await machine.get(f"/v1/clusters/{id_}")).status_code == 404
        cloud.groups["user-bob"] = ("g-1",)
        await sign_in(bob, "bob")
        assert (await machine.get(f"/v1/clusters/{id_}")).status_code == 200


@pytest.mark.parametrize("cloud", [SecretiveCloud()])
async def test_a_keystone_that_does_not_tell_groups_lets_in_all_the_same(
    alice: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    assert (await admin.get("/v1/users/user-alice")).json()["groups"] == []


async def test_a_disabled_user_has_no_session_no_token_and_no_way_in(
    app: FastAPI, admin: httpx.AsyncClient, alice: httpx.AsyncClient, access: LocalAccess
) -> None:
    token = (await alice.post("/v1/api-tokens", json={"name": "ci"})).json()["token"]
    assert (await set_disabled(admin, "user-alice"))["disabled"] is True
    assert (await alice.get("/v1/clusters")).status_code == 401
    async with client_of(app) as machine:
        answer = await machine.get("/v1/clusters", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        refused = await attempt(machine, "alice")
    assert (refused.status_code, refused.json()["code"]) == (403, "user_disabled")
    assert "administrator" in refused.json()["detail"]
    assert await rows(app, "SELECT state, sealed_secret FROM api_gateway.credentials") == [("deleting", None)]
    assert access.disabled == {"user-alice"}


async def test_an_enabled_user_signs_in_again(
    app: FastAPI, admin: httpx.AsyncClient, alice: httpx.AsyncClient, access: LocalAccess
) -> None:
    await set_disabled(admin, "user-alice")
    await set_disabled(admin, "user-alice", disabled=False)
    assert (await alice.get("/v1/clusters")).status_code == 401, "what ended stays ended"
    async with client_of(app) as client:
        assert (await attempt(client, "alice")).status_code == 201
    assert access.disabled == set()


async def test_a_session_that_slipped_through_is_refused_while_the_user_is_disabled(
    app: FastAPI, alice: httpx.AsyncClient
) -> None:
    token = (await alice.post("/v1/api-tokens", json={"name": "ci"})).json()["token"]
    await execute(app, "UPDATE api_gateway.users SET disabled_at = now()")
    async with client_of(app) as machine:
        by_token = await machine.get("/v1/clusters", headers={"Authorization": f"Bearer {token}"})
    for answer in (await alice.get("/v1/clusters"), by_token):
        assert (answer.status_code, answer.json()["code"]) == (403, "user_disabled")


async def test_an_open_watch_ends_with_its_user(
    app: FastAPI, admin: httpx.AsyncClient, alice: httpx.AsyncClient
) -> None:
    async with (
        serving(app) as client,
        watching(client, "/v1/watch/clusters", headers=dict(alice.headers)) as events,
    ):
        await until(events, lambda event: event.name == "bookmark")
        await set_disabled(admin, "user-alice")
        async with asyncio.timeout(10):
            assert [event async for event in events] == []


async def test_nobody_disables_himself(admin: httpx.AsyncClient) -> None:
    answer = await admin.patch("/v1/users/user-carol", json={"disabled": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "own_user")
    assert (await admin.get("/v1/users/user-carol")).json()["disabled"] is False


async def test_who_is_not_known_is_not_found(admin: httpx.AsyncClient) -> None:
    assert (await admin.get("/v1/users/user-nobody")).status_code == 404
    assert (await admin.patch("/v1/users/user-nobody", json={"disabled": True})).status_code == 404


async def test_without_authz_it_holds_here_and_says_that_it_has_to_be_repeated(
    admin: httpx.AsyncClient, alice: httpx.AsyncClient, access: LocalAccess
) -> None:
    access.answers = False
    answer = await admin.patch("/v1/users/user-alice", json={"disabled": True})
    assert (answer.status_code, answer.json()["code"]) == (503, "authz_unavailable")
    assert (await alice.get("/v1/clusters")).status_code == 401
    access.answers = True
    await set_disabled(admin, "user-alice")
    assert access.disabled == {"user-alice"}


async def test_another_provider_cannot_vouch_for_a_known_user(app: FastAPI, alice: httpx.AsyncClient) -> None:
    await execute(app, "UPDATE api_gateway.users SET identity_provider = 'keystone-elsewhere'")
    async with client_of(app) as client:
        answer = await attempt(client, "alice")
    assert (answer.status_code, answer.json()["code"]) == (403, "user_of_another_provider")


async def test_no_keystone_can_name_the_users_of_other_providers(app: FastAPI) -> None:
    async with client_of(app) as client:
        answer = await attempt(client, "x:local:break-glass")
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")


async def test_a_refused_sign_in_is_audited_as_denied(
    app: FastAPI, admin: httpx.AsyncClient, alice: httpx.AsyncClient
) -> None:
    await set_disabled(admin, "user-alice")
    async with client_of(app) as client:
        await attempt(client, "alice")
    last = (await audited(app))[-1]
    assert (last["response_code"], last["decision"], last["target"]["resource"]) == (403, "deny", "sessions")
    assert "disabled" in last["message"]
