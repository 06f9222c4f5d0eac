"""Who was given a secret by the gateway is in the audit log, and so is who was not."""

from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from brb_api_gateway.container import Container
from brb_shared.contracts.registry import Service
from fakes.gateway import Services


async def entries_of_services(app: FastAPI) -> list[dict[str, Any]]:
    """Those that are about the workers' routes, oldest first."""
    container: Container = app.state.container
    query = text(
        "SELECT body::jsonb->'data' FROM api_gateway.outbox WHERE subject LIKE 'brb.v1.audit.%' "
        "AND body::jsonb#>>'{data,request_uri}' LIKE '/internal/%' ORDER BY seq"
    )
    async with container.database.sessions() as session:
        return list((await session.scalars(query)).all())


async def test_a_credentials_secret_is_recorded_with_the_service_that_got_it(
    alice: httpx.AsyncClient, anonymous: httpx.AsyncClient, app: FastAPI, services: Services
) -> None:
    made = (await alice.post("/v1/credentials", json={"name": "team"})).json()
    path = f"/internal/v1/credentials/{made['id']}"
    for service in (Service.PROVISIONER, Service.DNS):
        await anonymous.get(path, headers=services.keys[service].headers(Service.API_GATEWAY))
    worker = services.keys[Service.PROVISIONER].headers(Service.API_GATEWAY)
    await anonymous.get("/internal/v1/credentials/cr-none", headers=worker)
    given, refused = await entries_of_services(app)
    target = {"verb": "get", "resource": "credentials/secret", "id": made["id"]}
    assert {name: value for name, value in given["target"].items() if value} == target
    assert (given["user"]["id"], given["response_code"], given["decision"]) == ("service:provisioner", 200, "none")
    assert (refused["user"]["id"], refused["response_code"], refused["decision"]) == ("service:dns", 403, "deny")


async def test_a_services_access_to_a_cluster_is_recorded_whether_it_is_given_or_not(
    anonymous: httpx.AsyncClient, app: FastAPI, services: Services
) -> None:
    path = "/internal/v1/clusters/c-0000000001/service-accesses"
    await anonymous.post(path, headers=services.keys[Service.AUTHZ].headers(Service.API_GATEWAY))
    await anonymous.post(path, headers=services.keys[Service.DNS].headers(Service.API_GATEWAY))
    asked, refused = await entries_of_services(app)
    assert (asked["user"]["id"], asked["target"]["id"], asked["target"]["cluster_id"]) == (
        "service:authz",
        "authz",
        "c-0000000001",
    )
    assert (refused["user"]["id"], refused["decision"]) == ("service:dns", "deny")
