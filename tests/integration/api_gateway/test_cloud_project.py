"""Who signs in elsewhere than in Keystone: what he does without a project in a cloud, and with one attached."""

from datetime import datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from brb_shared.access.model import Scope, Subject, SubjectKind
from fakes.access import LocalAccess
from fakes.gateway import client_of
from fakes.gateway_cloud import WillingCloud
from fakes.identities import execute, rows, signed_in_by_oidc

DORA = Subject(SubjectKind.USER, "oidc:corp:dora")
OPS = Subject(SubjectKind.GROUP, "oidc:corp:ops")
GIVEN = {"application_credential_id": "ac-known", "application_credential_secret": "s"}
PATH = "/v1/sessions/current/cloud-project"


@pytest.fixture
def cloud(cloud: WillingCloud) -> WillingCloud:
    cloud.credentials["ac-known"] = "of alice"
    return cloud


@pytest.fixture
async def cluster_id(alice: httpx.AsyncClient) -> str:
    id_: str = (await alice.post("/v1/clusters", json={"name": "shared"})).json()["metadata"]["id"]
    return id_


async def names(client: httpx.AsyncClient) -> list[str]:
    return [item["metadata"]["name"] for item in (await client.get("/v1/clusters")).json()["items"]]


async def test_without_a_project_roles_say_what_he_may(app: FastAPI, cluster_id: str, access: LocalAccess) -> None:
    async with signed_in_by_oidc(app, "dora", "ops") as dora:
        assert await names(dora) == []
        access.bind("cluster-owner", OPS, Scope.cluster(cluster_id))
        assert await names(dora) == ["shared"]
        path = f"/v1/clusters/{cluster_id}"
        assert (await dora.get(path)).status_code == 200
        assert (await dora.get(f"{path}/events")).status_code == 200
        kubeconfig = await dora.post(f"{path}/kubeconfigs", json={})
        assert (kubeconfig.status_code, kubeconfig.json()["code"]) == (409, "not_initialized"), "as for all others"
        scaled = {"metadata": {"labels": {"team": "a"}}}
        assert (await dora.patch(path, json=scaled, headers={"If-Match": "*"})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/clusters", {"name": "x"}),
        ("POST", "/v1/clusters?validate_only=true", {"name": "x"}),
        ("GET", "/v1/clouds/test/choices", None),
        ("GET", "/v1/credentials", None),
        ("GET", "/v1/credentials/cr-0123456789", None),
        ("DELETE", "/v1/credentials/cr-0123456789", None),
        ("POST", "/v1/credentials", {"name": "x"}),
        ("POST", "/v1/credentials", {"name": "x", **GIVEN}),
        ("POST", "/v1/api-tokens", {"name": "x", **GIVEN}),
        ("GET", "/v1/webhooks", None),
        ("GET", "/v1/webhooks/wh-0123456789", None),
        ("PATCH", "/v1/webhooks/wh-0123456789", {}),
        ("DELETE", "/v1/webhooks/wh-0123456789", None),
        ("GET", "/v1/webhooks/wh-0123456789/deliveries", None),
        ("GET", "/v1/dns-records", None),
        ("GET", "/v1/certificates", None),
    ],
)
async def test_what_acts_in_a_project_says_that_there_is_none(
    app: FastAPI, method: str, path: str, body: dict[str, Any] | None
) -> None:
    async with signed_in_by_oidc(app, "dora") as dora:
        answer = await dora.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_cloud_project"), answer.text
    assert PATH in answer.json()["detail"]


async def test_the_record_of_a_gone_cluster_stays_with_its_project(app: FastAPI, cluster_id: str) -> None:
    await execute(app, "UPDATE api_gateway.clusters SET deleted_at = now()")
    async with signed_in_by_oidc(app, "dora") as dora:
        assert (await dora.get(f"/v1/clusters/{cluster_id}/events")).status_code == 404


async def test_an_attached_project_is_what_the_session_acts_in_until_keystones_token_ends(
    app: FastAPI, cluster_id: str, cloud: WillingCloud
) -> None:
    async with signed_in_by_oidc(app, "dora") as dora:
        before = (await dora.get("/v1/sessions/current")).json()
        assert (before["project"], before["cloud"], before["method"]) == (None, None, "oidc")
        attached = await dora.put(PATH, json=GIVEN)
        assert attached.status_code == 200, attached.text
        after = (await dora.get("/v1/sessions/current")).json()
        assert after == attached.json()
        assert after["project"] == {"id": "project-alice", "name": "alice"}
        assert after["user"]["id"] == "oidc:corp:dora"
        assert datetime.fromisoformat(after["expires_at"]) < datetime.fromisoformat(before["expires_at"])
        assert await names(dora) == ["shared"], "the project's members own its clusters"
        assert (await dora.get("/v1/clouds/test/choices")).status_code == 200
        made = await dora.post("/v1/credentials", json={"name": "own"})
        assert made.json()["user_id"] == "user-alice", "as Keystone knows the session"


async def test_a_detached_project_is_gone_with_its_keystone_token(app: FastAPI, cluster_id: str) -> None:
    async with signed_in_by_oidc(app, "dora") as dora:
        await dora.put(PATH, json=GIVEN)
        detached = await dora.delete(PATH)
        assert (detached.status_code, detached.json()["project"]) == (200, None)
        assert await names(dora) == []
        assert (await dora.get("/v1/clouds/test/choices")).status_code == 409
        assert (await dora.delete(PATH)).status_code == 200
    ((sealed,),) = await rows(app, "SELECT sealed_token FROM api_gateway.sessions WHERE method = 'oidc'")
    assert sealed is None


async def test_a_wrong_credential_attaches_nothing(app: FastAPI) -> None:
    async with signed_in_by_oidc(app, "dora") as dora:
        answer = await dora.put(PATH, json={**GIVEN, "application_credential_id": "wrong"})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == "/application_credential_secret"
        assert (await dora.get("/v1/sessions/current")).json()["project"] is None


async def test_sessions_of_keystone_and_of_tokens_keep_their_project(app: FastAPI, alice: httpx.AsyncClient) -> None:
    token = (await alice.post("/v1/api-tokens", json={"name": "ci"})).json()["token"]
    async with client_of(app) as machine:
        machine.headers["Authorization"] = f"Bearer {token}"
        for client in (alice, machine):
            for answer in (await client.put(PATH, json=GIVEN), await client.delete(PATH)):
                assert (answer.status_code, answer.json()["code"]) == (409, "project_is_keystones")


async def test_a_token_made_without_a_project_reaches_what_roles_say_and_no_cloud(
    app: FastAPI, cluster_id: str, access: LocalAccess
) -> None:
    access.bind("cluster-viewer", DORA, Scope.cluster(cluster_id))
    async with signed_in_by_oidc(app, "dora") as dora, client_of(app) as machine:
        made = (await dora.post("/v1/api-tokens", json={"name": "ci"})).json()
        assert (made["credential_id"], made["cloud"], made["project_id"]) == (None, None, None)
        machine.headers["Authorization"] = f"Bearer {made['token']}"
        assert await names(machine) == ["shared"]
        assert (await machine.get("/v1/clouds/test/choices")).json()["code"] == "no_cloud_project"
        assert (await dora.delete(f"/v1/api-tokens/{made['id']}")).status_code == 204
        assert (await machine.get("/v1/clusters")).status_code == 401
    assert await rows(app, "SELECT id FROM api_gateway.credentials WHERE cluster_id IS NULL") == []
