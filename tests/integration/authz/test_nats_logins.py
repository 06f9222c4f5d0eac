"""With the logins of production on a real NATS: authz and its followers can do their part, and no more."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import nats.errors
import pytest
from fastapi import FastAPI

from brb_authz.app import work
from brb_authz.settings import Settings
from brb_shared.access.model import Actor, Place, Request
from brb_shared.authorizer import open_authorizer
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.registry import ACCESS_CHANGED, AUDIT_KINDS, Service
from brb_shared.messaging.broker import BrokerUnavailable
from brb_shared.testing.servers import NatsServer
from fakes.audit_log import entry
from fakes.authz import People, must
from fakes.gateway import Services
from fakes.hub import running

CLUSTER = "c-0000000001"


@pytest.fixture
async def working(settings: Settings, services: Services, nats_with_logins: NatsServer) -> AsyncIterator[None]:
    seed = services.folder / f"{Service.AUTHZ}.key"
    own = settings.model_copy(update={"nats_url": nats_with_logins.url, "service_key_file": seed})
    async with running(work(own)):
        yield


async def test_a_follower_follows_and_an_entry_arrives(
    people: People, app: FastAPI, services: Services, nats_with_logins: NatsServer, working: None
) -> None:
    broker = await services.connect(nats_with_logins, Service.DNS)
    asked = Request.of(Actor("u-owner"), "get", "clusters", place=Place(cluster_id=CLUSTER))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://authz") as client:
        authorizer = open_authorizer(broker, Service.DNS, client, services.keys[Service.DNS])
        async with running(authorizer.run()), asyncio.timeout(30):
            while not authorizer.is_current:
                await asyncio.sleep(0.01)
            made = await people.cluster(CLUSTER, "u-owner")
            await authorizer.require(asked, "cluster", min_revision=made["revision"])
            while not must(await people.admin.get("/internal/v1/audit-log"))["items"]:
                await asyncio.sleep(0.05)
    await broker.close()


@pytest.mark.parametrize(
    ("service", "another"),
    [
        (Service.INSTALLER, Service.DNS),
        (Service.DNS, Service.API_GATEWAY),
        (Service.PROVISIONER, Service.INSTALLER),
    ],
)
async def test_a_service_writes_its_own_audit_entries_but_no_others_nor_the_access_world(
    services: Services, nats_with_logins: NatsServer, service: Service, another: Service
) -> None:
    broker = await services.connect(nats_with_logins, service)
    await broker.ensure_streams()
    envelope = Envelope[Any](source=f"/brb/{another}", type="t", subject="c-1", data=entry(1))
    body = envelope.model_dump_json(serialize_as_any=True).encode()
    await broker.publish(AUDIT_KINDS[service].subject("c-1"), body, f"own-{service}")
    for kind in (AUDIT_KINDS[another], ACCESS_CHANGED):
        with pytest.raises(BrokerUnavailable):
            await broker.publish(kind.subject("c-1"), body, f"forged-{kind.name}")
    await broker.close()


async def test_no_service_but_authz_reads_audit_entries(services: Services, nats_with_logins: NatsServer) -> None:
    broker = await services.connect(nats_with_logins, Service.INSTALLER)
    await broker.ensure_streams()
    with pytest.raises(nats.errors.TimeoutError):
        await broker.jetstream.pull_subscribe("brb.v1.audit.installer.*", durable="spy", stream="AUDIT")
    await broker.close()
