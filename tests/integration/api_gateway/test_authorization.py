"""Who may do what with a cluster: roles decide, over the real index; the world is changed in between."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from brb_api_gateway.container import Container
from brb_shared.access.model import Namespace, Project, Scope, Subject, SubjectKind
from fakes.access import LocalAccess
from fakes.events import ServerEvent, until, watching
from fakes.served import serving

BOB = Subject(SubjectKind.USER, "user-bob")


@pytest.fixture
async def cluster_id(alice: httpx.AsyncClient) -> str:
    created = await alice.post("/v1/clusters", json={"name": "shared"})
    assert created.status_code == 201, created.text
    id_: str = created.json()["metadata"]["id"]
    return id_


async def names(client: httpx.AsyncClient) -> list[str]:
    return [item["metadata"]["name"] for item in (await client.get("/v1/clusters")).json()["items"]]


def turn(event: ServerEvent) -> str:
    labels: dict[str, str] = event.data.get("object", {}).get("metadata", {}).get("labels", {})
    return labels.get("turn", "")


async def audited(app: FastAPI) -> list[dict[str, Any]]:
    """Entries on their way to authz, oldest first."""
    container: Container = app.state.container
    query = text("SELECT body::jsonb->'data' FROM api_gateway.outbox WHERE subject LIKE 'brb.v1.audit.%' ORDER BY seq")
    async with container.database.sessions() as session:
        return list((await session.scalars(query)).all())


async def test_others_see_nothing_of_a_cluster(
    cluster_id: str, alice: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    assert await names(alice) == ["shared"]
    assert await names(bob) == []
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/kubeconfigs"), ("GET", "/watch")):
        answer = await bob.request(method, f"/v1/clusters/{cluster_id}{path}", headers={"If-Match": "*"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_a_viewer_of_another_project_reads_and_is_told_why_he_may_not_write(
    cluster_id: str, bob: httpx.AsyncClient, access: LocalAccess
) -> None:
    access.bind("cluster-viewer", BOB, Scope.cluster(cluster_id))
    assert await names(bob) == ["shared"]
    assert (await bob.get(f"/v1/clusters/{cluster_id}")).status_code == 200
    assert (await bob.get(f"/v1/clusters/{cluster_id}/events")).status_code == 200
    answer = await bob.delete(f"/v1/clusters/{cluster_id}", headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert f'may not delete clusters "{cluster_id}"' in answer.json()["detail"]


async def test_what_was_taken_back_ends_at_once(cluster_id: str, bob: httpx.AsyncClient, access: LocalAccess) -> None:
    binding = access.bind("cluster-viewer", BOB, Scope.cluster(cluster_id))
    assert (await bob.get(f"/v1/clusters/{cluster_id}")).status_code == 200
    access.revoke(binding)
    assert (await bob.get(f"/v1/clusters/{cluster_id}")).status_code == 404
    assert await names(bob) == []


async def test_an_owner_may_take_the_cluster_from_his_own_project(
    cluster_id: str, app: FastAPI, alice: httpx.AsyncClient, access: LocalAccess
) -> None:
    for binding in access.index.bindings_at(Scope.cluster(cluster_id)):
        access.revoke(binding.id)
    assert (await alice.get(f"/v1/clusters/{cluster_id}")).status_code == 404
    assert (await alice.get(f"/v1/clusters/{cluster_id}/events")).status_code == 404, "it is not gone: no record yet"


async def test_a_member_of_a_project_inside_gets_a_kubeconfig_of_the_cluster(
    cluster_id: str, bob: httpx.AsyncClient, access: LocalAccess
) -> None:
    access.place(Project("p-shop", cluster_id), Namespace(cluster_id, "shop", "p-shop"))
    access.bind("read-only", BOB, Scope.project("p-shop"))
    answer = await bob.post(f"/v1/clusters/{cluster_id}/kubeconfigs", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_initialized")
    answer = await bob.delete(f"/v1/clusters/{cluster_id}", headers={"If-Match": "*"})
    assert answer.status_code == 403


async def test_who_is_no_user_of_the_platform_makes_nothing(bob: httpx.AsyncClient, access: LocalAccess) -> None:
    access.revoke("rb-user")
    for path in ("/v1/clusters", "/v1/credentials", "/v1/webhooks", "/v1/api-tokens"):
        answer = await bob.post(path, json={"name": "x"})
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), path
    assert (await bob.get("/v1/credentials")).status_code == 403
    assert (await bob.delete("/v1/sessions/current")).status_code == 204


async def test_while_it_is_not_certain_who_may_do_what_nobody_is_let_in(
    cluster_id: str, alice: httpx.AsyncClient, access: LocalAccess
) -> None:
    access.is_current = False
    for path in ("/v1/clusters", f"/v1/clusters/{cluster_id}"):
        answer = await alice.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "access_unknown")
        assert answer.headers["Retry-After"]
    assert (await alice.get("/readyz")).json()["access"] is False


async def test_without_authz_no_cluster_is_made(alice: httpx.AsyncClient, access: LocalAccess) -> None:
    access.answers = False
    answer = await alice.post("/v1/clusters", json={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (503, "authz_unavailable")
    assert await names(alice) == []


async def test_a_watcher_hears_of_what_he_may_read_and_no_more_once_it_is_taken_back(
    cluster_id: str, app: FastAPI, alice: httpx.AsyncClient, bob: httpx.AsyncClient, access: LocalAccess
) -> None:
    binding = access.bind("cluster-viewer", BOB, Scope.cluster(cluster_id))

    async def rename(label: str) -> None:
        patch = {"metadata": {"labels": {"turn": label}}}
        assert (await alice.patch(f"/v1/clusters/{cluster_id}", json=patch, headers={"If-Match": "*"})).is_success

    async with serving(app) as client:
        path, by_alice, by_bob = "/v1/watch/clusters", dict(alice.headers), dict(bob.headers)
        async with watching(client, path, headers=by_bob) as events, watching(client, path, headers=by_alice) as hers:
            await rename("first")
            await until(events, lambda event: turn(event) == "first")
            access.revoke(binding)
            await rename("second")
            await until(hers, lambda event: turn(event) == "second")
            access.bind("cluster-viewer", BOB, Scope.cluster(cluster_id))
            await rename("third")
            heard = await until(events, lambda event: turn(event) == "third")
            assert [turn(event) for event in heard if event.name == "cluster"] == ["third"]


async def test_changes_and_denials_are_audited(
    cluster_id: str, app: FastAPI, alice: httpx.AsyncClient, bob: httpx.AsyncClient, access: LocalAccess
) -> None:
    await alice.get(f"/v1/clusters/{cluster_id}")
    access.bind("cluster-viewer", BOB, Scope.cluster(cluster_id))
    await bob.delete(f"/v1/clusters/{cluster_id}", headers={"If-Match": "*"})
    entries = [(each["user"]["name"], each["target"]["verb"], each["decision"]) for each in await audited(app)]
    assert ("alice", "create", "none") in entries, "signing in"
    assert ("alice", "create", "allow") in entries
    assert entries[-1] == ("bob", "delete", "deny")
    assert not any(verb == "get" for _, verb, _ in entries)
