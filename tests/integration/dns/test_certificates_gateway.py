"""What users do with certificates: the gateway's client against the dns service's real API and database."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from brb_api_gateway.certificates.schemas import CertificateCreate
from brb_api_gateway.dns.client import DnsClient
from brb_api_gateway.sessions.principal import Principal, Tenant
from brb_dns.certificates.parts import build_equipment
from brb_dns.models import SCHEMA, AddressRow
from brb_dns.settings import DnsSettings
from brb_shared.contracts.ids import UserId
from brb_shared.contracts.registry import Service
from brb_shared.contracts.tenant import Tenant as SharedTenant
from brb_shared.database import Database
from brb_shared.http import Problem
from fakes.dns_control import ADDRESS, ALICE, CLUSTER, MALLORY, ZONE, control_app, make_settings
from fakes.gateway import Services

ASKED = CertificateCreate(cluster_id=CLUSTER, address=ADDRESS)


def principal(tenant: SharedTenant) -> Principal:
    now = datetime.now(UTC)
    return Principal(
        session_id="se-1",
        user_id=UserId("u-1"),
        user_name="alice",
        identity_provider="keystone-test",
        project_name="demo",
        tenant=Tenant(tenant.cloud, tenant.project_id),
        method="password",
        created_at=now,
        expires_at=now,
    )


@pytest.fixture
async def off(tmp_path: Path, services: Services, postgres_url: str) -> DnsSettings:
    return await make_settings(tmp_path, services, postgres_url, "nats://unused")


@pytest.fixture
async def control(off: DnsSettings) -> AsyncIterator[FastAPI]:
    """With an authority that is never asked: no work process runs."""
    async with control_app(off.model_copy(update={"acme_directory_url": "https://ca.test/directory"})) as app:
        async with app.state.database.sessions.begin() as session:
            place = {"address": ADDRESS, "cluster_id": CLUSTER, "cloud": ALICE.cloud, "project_id": ALICE.project_id}
            session.add(AddressRow(**place, project="shop", domain=f"shop.{ADDRESS}.{ZONE}"))
        yield app


@pytest.fixture
async def dns(control: FastAPI, services: Services) -> AsyncIterator[DnsClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(control), base_url="http://dns") as client:
        yield DnsClient(client, services.keys[Service.API_GATEWAY])


async def test_a_certificate_is_made_found_listed_and_deleted(dns: DnsClient, control: FastAPI) -> None:
    made = await dns.create_certificate(principal(ALICE), ASKED)
    assert made.metadata.name == f"shop.{ADDRESS}.{ZONE}"
    assert made.spec.names == (f"*.shop.{ADDRESS}.{ZONE}", f"shop.{ADDRESS}.{ZONE}")
    assert made.status.state == "issuing"
    assert await dns.certificate(principal(ALICE), made.metadata.id) == made
    page = await dns.certificates(principal(ALICE), cluster_id=CLUSTER, page_size=1, page_token=None)
    assert page.items == [made]
    assert page.next_page_token is None
    await control.state.figures.read()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(control), base_url="http://dns") as operator:
        assert 'brb_dns_certificates{state="wanted"} 1.0' in (await operator.get("/metrics")).text
    await dns.delete_certificate(principal(ALICE), made.metadata.id)
    assert (await dns.certificate(principal(ALICE), made.metadata.id)).status.state == "deleting"


async def test_another_project_neither_makes_nor_sees_it(dns: DnsClient) -> None:
    made = await dns.create_certificate(principal(ALICE), ASKED)
    stranger = principal(MALLORY)
    with pytest.raises(Problem) as foreign:
        await dns.create_certificate(stranger, ASKED)
    assert foreign.value.document.code == "address_not_found"
    for call in (dns.certificate, dns.delete_certificate):
        with pytest.raises(Problem) as hidden:
            await call(stranger, made.metadata.id)
        assert hidden.value.document.status == 404
    assert (await dns.certificates(stranger, cluster_id=None, page_size=10, page_token=None)).items == []


async def test_an_address_that_the_zone_does_not_answer_for_is_refused_at_once(dns: DnsClient) -> None:
    with pytest.raises(Problem, match="outside the networks") as refused:
        await dns.create_certificate(principal(ALICE), ASKED.model_copy(update={"address": "203.0.113.7"}))
    assert refused.value.document.code == "address_not_served"


async def test_a_work_process_that_knows_no_server_of_the_zone_does_not_start(off: DnsSettings) -> None:
    on = off.model_copy(update={"acme_directory_url": "https://ca.test/directory"})
    with pytest.raises(ValueError, match="BRB_ACME_ZONE_SERVERS"):
        build_equipment(on, Database(on.database_url.get_secret_value(), SCHEMA), None)
    assert build_equipment(off, Database(on.database_url.get_secret_value(), SCHEMA), None).authority is None


async def test_without_an_authority_it_says_what_the_operator_has_to_set(off: DnsSettings, services: Services) -> None:
    async with control_app(off) as app:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://dns") as client:
            dns = DnsClient(client, services.keys[Service.API_GATEWAY])
            with pytest.raises(Problem, match="BRB_ACME_DIRECTORY_URL") as refused:
                await dns.create_certificate(principal(ALICE), ASKED)
    assert refused.value.document.code == "certificates_off"
