"""authz's API through the gateway: the caller is the acting user, and answers come through as they are."""

import httpx
import pytest
from fastapi.routing import APIRoute

from brb_api_gateway.authorization.endpoints import PASSED
from brb_shared.contracts.registry import Service
from fakes.gateway import Services

CLUSTER = "c-0123456789"
OWNERS = {"owners": [{"kind": "group", "id": "keystone:test:project-alice"}]}


@pytest.fixture(autouse=True)
async def cluster(authz: httpx.AsyncClient, services: Services) -> None:
    headers = services.keys[Service.API_GATEWAY].headers(Service.AUTHZ)
    put = await authz.put(f"/internal/v1/clusters/{CLUSTER}", json=OWNERS, headers=headers)
    assert put.status_code == 200, put.text


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


async def test_a_project_that_is_asked_for_twice_with_one_key_is_made_once(alice: httpx.AsyncClient) -> None:
    body = {"cluster_id": CLUSTER, "display_name": "Shop"}
    first, second = [await alice.post("/v1/projects", json=body, headers={"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert (second.status_code, second.json()) == (201, first.json())
    listed = (await alice.get("/v1/projects", params={"cluster_id": CLUSTER})).json()["items"]
    assert [one["id"] for one in listed] == [first.json()["id"]]


async def test_what_is_not_valid_is_refused_by_authz_and_told_as_it_says(alice: httpx.AsyncClient) -> None:
    answer = await alice.post("/v1/roles", json={"display_name": "x", "context": "cluster", "ruels": []})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/ruels")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_namespaces_are_decided_by_their_project_not_by_the_cluster(alice: httpx.AsyncClient) -> None:
    project = (await alice.post("/v1/projects", json={"cluster_id": CLUSTER, "display_name": "Shop"})).json()["id"]
    made = await alice.post(f"/v1/clusters/{CLUSTER}/namespaces", json={"name": "shop", "project_id": project})
    assert made.status_code == 201, made.text
    etag = made.headers["ETag"]
    path = f"/v1/clusters/{CLUSTER}/namespaces/shop"
    assert (await alice.patch(path, json={"resource_quota": {"pods": "5"}})).status_code == 428
    changed = await alice.patch(path, json={"resource_quota": {"pods": "5"}}, headers={"If-Match": etag})
    assert changed.json()["resource_quota"] == {"pods": "5"}


@pytest.mark.parametrize("name", ["%2e%2e", "..%3f", "%2e", "x%3fvalidate_only=true", "x%23", "%252e%252e"])
@pytest.mark.parametrize("path", ["/v1/roles/", f"/v1/clusters/{CLUSTER}/namespaces/"])
async def test_a_strange_name_leads_to_no_other_route(alice: httpx.AsyncClient, path: str, name: str) -> None:
    answer = await alice.get(path + name)
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("There is no such"), "it was the object's own route that said so"


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
    routes = [route for router in PASSED for route in router.routes if isinstance(route, APIRoute)]
    assert len(routes) == 26
    for route in routes:
        path = route.path.format(**dict.fromkeys(route.param_convertors, "x"))
        answers = [await anonymous.request(method, path, json={}) for method in route.methods or ()]
        assert [(one.status_code, one.json()["code"]) for one in answers] == [(401, "not_signed_in")], route.name
