"""authz's API through the gateway: the caller is the acting user, and answers come through as they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from brb_api_gateway.authorization.authz import AuthzClient
from brb_api_gateway.authorization.endpoints import PASSED
from brb_authz.app import migrate
from brb_authz.settings import Settings as AuthzSettings
from brb_shared.contracts.registry import Service
from fakes.authz import client_of as authz_client
from fakes.authz import running_authz
from fakes.gateway import Services

CLUSTER = "c-0123456789"
OWNERS = {"owners": [{"kind": "group", "id": "keystone:test:project-alice"}]}


@pytest.fixture
async def authz(postgres_url: str, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    settings = AuthzSettings(
        database_url=SecretStr(postgres_url),
        service_public_keys_file=Path(services.public_keys_file),
        platform_admins=("user:user-bob",),
        log_level="WARNING",
    )
    await migrate(settings)
    async with running_authz(settings) as app, authz_client(app) as client:
        headers = services.keys[Service.API_GATEWAY].headers(Service.AUTHZ)
        put = await client.put(f"/internal/v1/clusters/{CLUSTER}", json=OWNERS, headers=headers)
        assert put.status_code == 200, put.text
        yield client


@pytest.fixture(autouse=True)
def passing_on(app: FastAPI, authz: httpx.AsyncClient, services: Services) -> None:
    app.state.authz = AuthzClient(authz, services.keys[Service.API_GATEWAY])


async def test_an_owner_makes_a_project_and_gives_a_role_in_it(alice: httpx.AsyncClient) -> None:
    made = await alice.post("/v1/projects", json={"cluster_id": CLUSTER, "display_name": "Shop"})
    assert made.status_code == 201, made.text
    project = made.json()["id"]
    assert made.headers["Location"] == f"/v1/projects/{project}"
    scope = {"level": "project", "project_id": project}
    body = {"subject": {"kind": "user", "id": "u-1"}, "role_id": "project-member", "scope": scope}
    binding = await alice.post("/v1/role-bindings", json=body)
    assert binding.status_code == 201, binding.text
    listed = await alice.get("/v1/role-bindings", params={"project_id": project})
    assert {each["subject"]["id"] for each in listed.json()["items"]} == {"u-1", "user-alice"}, "its maker owns it"
    gone = await alice.delete(f"/v1/role-bindings/{binding.json()['id']}", headers={"If-Match": "*"})
    assert gone.status_code == 204


async def test_namespaces_are_decided_by_their_project_not_by_the_cluster(alice: httpx.AsyncClient) -> None:
    project = (await alice.post("/v1/projects", json={"cluster_id": CLUSTER, "display_name": "Shop"})).json()["id"]
    made = await alice.post(f"/v1/clusters/{CLUSTER}/namespaces", json={"name": "shop", "project_id": project})
    assert made.status_code == 201, made.text
    etag = made.headers["ETag"]
    path = f"/v1/clusters/{CLUSTER}/namespaces/shop"
    assert (await alice.patch(path, json={"resource_quota": {"pods": "5"}})).status_code == 428
    changed = await alice.patch(path, json={"resource_quota": {"pods": "5"}}, headers={"If-Match": etag})
    assert changed.json()["resource_quota"] == {"pods": "5"}


async def test_what_another_may_not_see_is_not_there(alice: httpx.AsyncClient) -> None:
    answer = await alice.post("/v1/projects", json={"cluster_id": "c-of-others", "display_name": "Shop"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_review_says_why(alice: httpx.AsyncClient) -> None:
    question = {"verb": "delete", "resource": "clusters", "name": CLUSTER, "place": {"cluster_id": CLUSTER}}
    answer = (await alice.post("/v1/access-reviews", json=question, params={"explain": "true"})).json()
    assert answer["allowed"] is True
    assert answer["explanation"]["grants"][0]["role_id"] == "cluster-owner"


async def test_the_audit_log_is_for_those_who_may_read_it(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    assert (await alice.get("/v1/audit-log")).status_code == 403
    assert (await bob.get("/v1/audit-log")).status_code == 200
    exported = await bob.get("/v1/audit-log/export")
    assert exported.status_code == 200, exported.text


async def test_who_has_not_signed_in_gets_nowhere(anonymous: httpx.AsyncClient) -> None:
    for passed in PASSED:
        path = f"/v1{passed.path}".replace("{cluster_id}", CLUSTER).replace("_id}", "}")
        answer = await anonymous.request(passed.method, path, json={})
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), passed.name
