"""The application every service starts from."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel

from brb_shared.contracts.registry import Service
from brb_shared.http import Caller, Problem, ServiceKey, ServiceVerifier, create_app, service_caller
from brb_shared.nkey import new_seed, private_key_of_seed

KEY = ServiceKey(Service.PROVISIONER, private_key_of_seed(new_seed()))
OTHER = ServiceKey(Service.INSTALLER, private_key_of_seed(new_seed()))


class Body(BaseModel):
    pools: list[int]


router = APIRouter()


@router.post("/things")
async def post_thing(body: Body) -> int:
    return len(body.pools)


@router.get("/conflict")
async def conflict() -> None:
    raise Problem(409, "protected", "Switch deletion protection off first", user_fixable=True)


@router.get("/internal")
async def internal(caller: Annotated[Caller, Depends(service_caller(Service.PROVISIONER))]) -> str | None:
    return caller.user


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async def readiness() -> dict[str, bool]:
        return {"database": True, "nats": False}

    app = create_app(title="Test", service="test", version="1", description="", routers=[router], readiness=readiness)
    keys = {Service.PROVISIONER: KEY.public_nkey, Service.INSTALLER: OTHER.public_nkey}
    app.state.verifier = ServiceVerifier(Service.API_GATEWAY, keys)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_problem_is_a_problem_document_with_the_requests_id(client: httpx.AsyncClient) -> None:
    response = await client.get("/conflict", headers={"X-Request-Id": "abc"})
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == "abc"
    document = response.json()
    assert (document["status"], document["code"], document["request_id"]) == (409, "protected", "abc")
    assert document["user_fixable"] is True


async def test_an_invalid_body_names_the_field_by_json_pointer(client: httpx.AsyncClient) -> None:
    response = await client.post("/things", json={"pools": [1, "two"]})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/pools/1"


async def test_an_unknown_path_is_a_problem_too(client: httpx.AsyncClient) -> None:
    response = await client.get("/nowhere")
    assert response.json()["code"] == "not_found"


async def test_readiness_fails_and_names_what_is_missing(client: httpx.AsyncClient) -> None:
    response = await client.get("/readyz")
    assert (response.status_code, response.json()) == (503, {"database": True, "nats": False})


async def test_a_request_id_that_could_forge_log_lines_is_replaced(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz", headers={"X-Request-Id": "a b"})
    assert response.headers["x-request-id"] != "a b"


async def test_a_service_route_knows_the_acting_user(client: httpx.AsyncClient) -> None:
    response = await client.get("/internal", headers=KEY.headers(Service.API_GATEWAY, user="u-1"))
    assert response.json() == "u-1"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (lambda: "", 401),
        (lambda: "Bearer x", 401),
        (lambda: OTHER.headers(Service.API_GATEWAY)["Authorization"], 403),
    ],
    ids=["no token", "garbage", "another service"],
)
async def test_a_service_route_lets_only_its_callers_in(
    client: httpx.AsyncClient, authorization: Callable[[], str], status: int
) -> None:
    """Tokens live for a minute: they are made when the test runs."""
    response = await client.get("/internal", headers={"Authorization": authorization()})
    assert response.status_code == status


async def test_metrics_count_requests_by_route(client: httpx.AsyncClient) -> None:
    await client.get("/conflict")
    metrics = (await client.get("/metrics")).text
    assert 'brb_http_requests_total{method="GET",route="/conflict",service="test",status="409"}' in metrics
