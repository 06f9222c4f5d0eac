"""The installer's answers become ours."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from brb_api_gateway.clusters.installer import InstallerClient
from brb_api_gateway.sessions.principal import Principal, Tenant
from brb_shared.contracts.ids import CloudId, ProjectId, UserId
from brb_shared.contracts.registry import Service
from brb_shared.http import Problem, ServiceKey, ServiceVerifier
from fakes.clusters import ID

KEY = ServiceKey(Service.API_GATEWAY, Ed25519PrivateKey.generate())
ALICE = Principal(
    session_id="s-1",
    user_id=UserId("user-alice"),
    user_name="alice",
    identity_provider="keystone-test",
    project_name="alice",
    tenant=Tenant(CloudId("test"), ProjectId("project-alice")),
    method="password",
    created_at=datetime.now(UTC),
    expires_at=datetime.now(UTC),
)
RUN = {
    "id": "r-1",
    "machine": "x-cp-0",
    "server_id": "server-1",
    "step": "prepare",
    "started_at": "2026-01-01T00:00:00Z",
    "ended_at": None,
    "exit_code": None,
}


def client_of(answer: Callable[[httpx.Request], httpx.Response]) -> InstallerClient:
    transport = httpx.MockTransport(answer)
    return InstallerClient(httpx.AsyncClient(transport=transport, base_url="http://installer"), KEY)


def problem(status: int, code: str, detail: str) -> httpx.Response:
    headers = {"Content-Type": "application/problem+json"}
    return httpx.Response(status, headers=headers, content=json.dumps({"code": code, "detail": detail}))


async def test_a_kubeconfig_is_asked_for_the_acting_user_and_handed_on() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(201, json={"kubeconfig": "apiVersion: v1\n", "expires_at": "2026-01-01T00:00:00Z"})

    assert await client_of(answer).kubeconfig(ALICE, ID, 3600) == "apiVersion: v1\n"
    assert json.loads(asked[0].content) == {
        "user_id": "user-alice",
        "groups": ["brb:group:authenticated", "brb:group:keystone:test:project-alice"],
        "ttl_seconds": 3600,
    }
    verifier = ServiceVerifier(Service.INSTALLER, {Service.API_GATEWAY: KEY.public_nkey})
    caller = verifier.verify(asked[0].headers["Authorization"].removeprefix("Bearer "))
    assert (caller.service, caller.user) == (Service.API_GATEWAY, "user-alice")


@pytest.mark.parametrize(("method", "seconds"), [("password", 43_200), ("oidc", 43_200), ("break_glass", 3_600)])
async def test_a_kubeconfig_of_the_break_glass_administrator_is_good_for_an_hour(method: str, seconds: int) -> None:
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["ttl_seconds"])
        return httpx.Response(201, json={"kubeconfig": ""})

    await client_of(answer).kubeconfig(replace(ALICE, method=method), ID, 43_200)
    assert asked == [seconds]


async def test_runs_and_their_output_are_handed_on() -> None:
    runs = client_of(lambda _: httpx.Response(200, json={"items": [RUN]}))
    assert (await runs.runs(ALICE, ID))[0].step == "prepare"
    run = client_of(lambda _: httpx.Response(200, json={**RUN, "output": "all of it"}))
    assert (await run.run(ALICE, ID, "r-1")).output == "all of it"


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (problem(404, "run_not_found", ""), 404, "not_found"),
        (problem(409, "not_initialized", "The API does not answer yet"), 409, "not_initialized"),
        (problem(503, "cluster_unreachable", "The API does not answer"), 503, "cluster_unreachable"),
        (problem(401, "invalid_service_token", "no"), 502, "installer_failed"),
        (httpx.Response(500, text="bug"), 502, "installer_failed"),
    ],
)
async def test_a_refusal_becomes_a_problem(answer: httpx.Response, status: int, code: str) -> None:
    with pytest.raises(Problem) as raised:
        await client_of(lambda _: answer).run(ALICE, ID, "r-1")
    assert (raised.value.document.status, raised.value.document.code) == (status, code)


async def test_an_installer_that_is_down_answers_503() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Problem) as raised:
        await client_of(down).runs(ALICE, ID)
    assert (raised.value.document.status, raised.value.document.code) == (503, "installer_unavailable")
