"""The control side of the dns service for tests: its application, its work, and the hub's side of its messages."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from brb_dns.app import build_app, migrate, work
from brb_dns.settings import DnsSettings
from brb_shared.contracts import registry
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.dns import DnsDesired, DnsObserved
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId, ProjectId
from brb_shared.contracts.registry import Service
from brb_shared.contracts.tenant import Tenant
from brb_shared.secrets import new_keyring_line
from brb_shared.testing.servers import free_port
from fakes.gateway import Services
from fakes.hub import Hub, connected, running

ZONE = "web.brb.test"
ALICE = Tenant(cloud=CloudId("test"), project_id=ProjectId("a" * 32))
MALLORY = Tenant(cloud=CloudId("test"), project_id=ProjectId("b" * 32))
CLUSTER = ClusterId("c-0123456789")
ADDRESS = "198.51.100.7"

DnsHub = Hub[DnsDesired, DnsObserved]


async def make_settings(folder: Path, services: Services, postgres_url: str, nats_url: str) -> DnsSettings:
    """Over a database that has the service's tables."""
    (folder / "keyring").write_text(new_keyring_line("1"))
    settings = DnsSettings(
        database_url=SecretStr(postgres_url),
        nats_url=nats_url,
        keyring_file=folder / "keyring",
        service_public_keys_file=services.public_keys_file,
        port=free_port(),
        log_level="WARNING",
        dns_zone=ZONE,
        dns_networks=(ip_network("198.51.100.0/24"), ip_network("2001:db8::/32")),
    )
    await migrate(settings)
    return settings


def desired(*addresses: str, tenant: Tenant = ALICE, cluster_id: str = CLUSTER, generation: int = 1) -> DnsDesired:
    return DnsDesired(
        cluster_id=ClusterId(cluster_id),
        cluster_name="shop",
        generation=generation,
        presence=Presence.PRESENT,
        cloud=tenant.cloud,
        credential_id=CredentialId("cr-0123456789"),
        tenant=tenant,
        project="shop",
        addresses=addresses,
    )


def dns_hub(nats_url: str) -> AbstractAsyncContextManager[DnsHub]:
    """The hub as the dns service knows it."""
    return connected(nats_url, registry.DNS_DESIRED, registry.DNS_OBSERVED, registry.DNS_HAPPENED)


@asynccontextmanager
async def control_app(settings: DnsSettings) -> AsyncIterator[FastAPI]:
    app = build_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def control_work(settings: DnsSettings) -> AsyncIterator[None]:
    async with running(work(settings)):
        yield


@asynccontextmanager
async def caller(
    app: FastAPI, services: Services, *, tenant: Tenant | None = None, service: Service = Service.API_GATEWAY
) -> AsyncIterator[httpx.AsyncClient]:
    """Calls as `service` for a user of `tenant`."""
    user = "alice" if tenant is not None else None
    headers = services.keys[service].headers(Service.DNS, user, tenant=tenant)
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://dns/internal/v1", headers=headers) as client:
        yield client
