"""The gateway's client against the real control API: both speak of the same things."""

import dataclasses
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from brb_api_gateway.dns.client import DnsClient
from brb_api_gateway.dns.schemas import DnsKeyCreate, DnsRecordCreate, DnsRecordView, RecordType
from brb_api_gateway.sessions.principal import Principal, Tenant
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import UserId
from brb_shared.contracts.registry import Service
from brb_shared.http import Problem
from fakes.dns_control import ADDRESS, ALICE, CLUSTER, MALLORY, ZONE
from fakes.gateway import Services

ALICES = Principal(
    session_id="s-1",
    user_id=UserId("user-alice"),
    user_name="alice",
    identity_provider="keystone-test",
    project_name="alice",
    tenant=Tenant(ALICE.cloud, ALICE.project_id),
    method="password",
    created_at=datetime.now(UTC),
    expires_at=datetime.now(UTC),
)
MALLORYS = dataclasses.replace(ALICES, tenant=Tenant(MALLORY.cloud, MALLORY.project_id))
UNDER = f"www.shop.{ADDRESS}.{ZONE}"


@pytest.fixture
def dns(control: FastAPI, services: Services) -> DnsClient:
    http = httpx.AsyncClient(transport=httpx.ASGITransport(control), base_url="http://dns")
    return DnsClient(http, services.keys[Service.API_GATEWAY])


def record(value: str, name: str = UNDER) -> DnsRecordCreate:
    return DnsRecordCreate(name=name, type=RecordType.TXT, value=value, cluster_id=CLUSTER)


async def list_page(dns: DnsClient, principal: Principal, token: str | None) -> Page[DnsRecordView]:
    return await dns.records(principal, name=UNDER, type_=None, cluster_id=CLUSTER, page_size=1, page_token=token)


async def test_records_and_keys_are_made_listed_and_deleted(cluster: None, dns: DnsClient) -> None:
    assert (await dns.zone(ALICES)).hostnames == f"apps.{ZONE}"
    made = await dns.create_record(ALICES, record("hello world"))
    assert (made.value, made.created_by, made.cluster_id) == ("hello world", "user-alice", CLUSTER)
    assert await dns.record(ALICES, made.id) == made
    await dns.create_record(ALICES, record("second"))
    first = await list_page(dns, ALICES, None)
    second = await list_page(dns, ALICES, first.next_page_token)
    assert {one.value for one in (*first.items, *second.items)} == {"hello world", "second"}
    assert second.next_page_token is None
    assert (await list_page(dns, MALLORYS, None)).items == []
    key = await dns.create_key(ALICES, DnsKeyCreate(names=(UNDER,)))
    assert [one.id for one in (await dns.keys(ALICES)).items] == [key.id]
    assert (await dns.key(ALICES, key.id)).types == (RecordType.TXT,)
    await dns.delete_key(ALICES, key.id)
    await dns.delete_record(ALICES, made.id)
    with pytest.raises(Problem) as gone:
        await dns.record(ALICES, made.id)
    assert gone.value.document.status == 404


async def test_what_dns_refuses_is_told_with_its_reason(cluster: None, dns: DnsClient) -> None:
    with pytest.raises(Problem) as refused:
        await dns.create_record(MALLORYS, DnsRecordCreate(name=UNDER, type=RecordType.TXT, value="mine"))
    document = refused.value.document
    assert (document.status, document.code, document.errors[0].pointer) == (403, "name_not_yours", "/name")
    assert ADDRESS in document.detail


async def test_a_platform_without_a_zone_and_a_silent_service_say_so(services: Services) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    key = services.keys[Service.API_GATEWAY]
    down = httpx.AsyncClient(transport=httpx.MockTransport(silent), base_url="http://dns")
    for client, status, code in ((None, 404, "no_zone"), (down, 503, "dns_unavailable")):
        with pytest.raises(Problem) as told:
            await DnsClient(client, key).zone(ALICES)
        assert (told.value.document.status, told.value.document.code) == (status, code)
