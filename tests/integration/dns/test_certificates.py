"""A real authority (Pebble) issues, renews and revokes wildcard certificates, looking at our server over a socket.

The whole path: an address from the hub, the certificate asked for over HTTP, TXT records through PostgreSQL and NATS to
the server's workers, the bundle for the catalog.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.asyncquery
import dns.message
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import update

from brb_dns.certificates.models import CertificateRow
from brb_dns.models import SCHEMA
from brb_dns.settings import DnsSettings
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from brb_shared.testing.servers import free_port
from fakes.dns_control import ADDRESS, ALICE, CLUSTER, ZONE, DnsHub, caller, control_app, control_work, desired
from fakes.dns_platform import DnsProcess
from fakes.gateway import Services
from fakes.pebble import Pebble
from fakes.served import serving

NAME = f"shop.{ADDRESS}.{ZONE}"
CHALLENGE = f"_acme-challenge.{NAME}"
LIFE = timedelta(days=6)
SECONDS = 60


class Zone(BaseModel):
    port: int

    async def texts(self, name: str) -> list[str]:
        """What the server answers, over UDP."""
        answer = await dns.asyncquery.udp(dns.message.make_query(name, "TXT"), "127.0.0.1", 5, self.port)
        return [str(record) for rrset in answer.answer for record in rrset]

    async def until_gone(self, name: str) -> None:
        """The server hears through NATS that a record was withdrawn: later than the certificate's state says so."""
        texts: list[str] = []
        try:
            async with asyncio.timeout(SECONDS):
                while texts := await self.texts(name):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"still at {name} after {SECONDS} s: {texts}") from None


@pytest.fixture
def zone() -> Zone:
    return Zone(port=free_port())


@pytest.fixture
def pebble(zone: Zone) -> Any:
    server = Pebble(f"127.0.0.1:{zone.port}", LIFE)
    server.start()
    yield server
    server.remove()


@pytest.fixture
def settings(settings: DnsSettings, zone: Zone, pebble: Pebble) -> DnsSettings:
    return settings.model_copy(
        update={
            "acme_directory_url": pebble.directory,
            "acme_ca_file": pebble.ca_file,
            "acme_zone_servers": (f"127.0.0.1:{zone.port}",),
            "acme_poll_interval": timedelta(seconds=0.2),
        }
    )


@pytest.fixture
async def control(settings: DnsSettings) -> AsyncIterator[FastAPI]:
    async with control_app(settings) as app:
        yield app


@pytest.fixture
async def working(settings: DnsSettings, hub: DnsHub) -> AsyncIterator[None]:
    async with control_work(settings):
        yield


@pytest.fixture
async def answering(settings: DnsSettings, control: FastAPI, services: Services, zone: Zone) -> AsyncIterator[None]:
    """`python -m brb_dns answer`, fed by the control side."""
    async with serving(control) as client:
        server = DnsProcess("answer", environment(settings, services, zone, str(client.base_url)), zone.port)
        await asyncio.to_thread(server.start)
        yield
        await asyncio.to_thread(server.remove)


def environment(settings: DnsSettings, services: Services, zone: Zone, control_url: str) -> dict[str, str]:
    return {
        "BRB_NATS_URL": settings.nats_url,
        "BRB_SERVICE_KEY_FILE": str(services.folder / f"{Service.DNS}.key"),
        "BRB_DNS_URL": control_url,
        "BRB_DNS_ZONE": ZONE,
        "BRB_DNS_NETWORKS": json.dumps([str(network) for network in settings.dns_networks]),
        "BRB_DNS_LISTEN": json.dumps([f"127.0.0.1:{zone.port}"]),
        "BRB_DNS_STATUS_LISTEN": "",
        "BRB_LOG_LEVEL": "WARNING",
    }


@pytest.fixture
async def catalog(control: FastAPI, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(control, services, service=Service.CATALOG) as client:
        yield client


@pytest.fixture
async def served(answering: None, working: None, hub: DnsHub) -> None:
    """A cluster whose names are served."""
    await hub.send(desired(ADDRESS), revision=1)
    await hub.until(lambda observed: observed.ready)


@pytest.fixture
async def asked(served: None, catalog: httpx.AsyncClient) -> str:
    """The id of a certificate that was asked for."""
    return await ask(catalog)


async def ask(client: httpx.AsyncClient, *, retry: bool = False) -> str:
    made = await client.post("/certificates", json={"cluster_id": CLUSTER, "address": ADDRESS, "retry": retry})
    assert made.is_success, made.text
    return str(made.json()["metadata"]["id"])


async def until(client: httpx.AsyncClient, certificate_id: str, holds: Callable[[dict[str, Any]], bool]) -> Any:
    """The certificate's status once it holds."""
    status: dict[str, Any] = {}
    try:
        async with asyncio.timeout(SECONDS):
            while True:
                answer = await client.get(f"/certificates/{certificate_id}")
                if answer.status_code == 404:
                    return None
                status = answer.json()["status"]
                if holds(status):
                    return status
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"not in {SECONDS} s: {status}") from None


def is_ready(status: dict[str, Any]) -> bool:
    return bool(status["state"] == "ready")


async def verified(pebble: Pebble, bundle: dict[str, Any], name: str) -> x509.Certificate:
    """The leaf, after the chain was built to Pebble's root for that name, and the key was found to be its own."""
    leaf, *others = x509.load_pem_x509_certificates(bundle["fullchain_pem"].encode())
    root, *_ = await pebble.roots()
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(name))
    assert verifier.verify(leaf, others)[0] == leaf
    key = load_pem_private_key(bundle["private_key_pem"].encode(), None)
    assert key.public_key() == leaf.public_key()
    return leaf


async def told(hub: DnsHub, number: int) -> list[str]:
    """The certificates' part of the timeline, once it has so many entries."""
    async with asyncio.timeout(SECONDS):
        while len(reasons := [event.reason for event in hub.timeline if event.stage == "certificate"]) < number:
            await asyncio.sleep(0.05)
    return reasons


async def test_pebble_issues_a_wildcard_certificate_and_renews_it(
    asked: str, catalog: httpx.AsyncClient, pebble: Pebble, zone: Zone, hub: DnsHub
) -> None:
    first = await until(catalog, asked, is_ready)
    bundle = (await catalog.get(f"/certificates/{asked}/bundle")).json()
    leaf = await verified(pebble, bundle, f"wiki.{NAME}")
    assert await verified(pebble, bundle, NAME) == leaf
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {f"*.{NAME}", NAME}
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= LIFE
    assert leaf.not_valid_before_utc + LIFE * 0.6 < datetime.fromisoformat(first["renew_at"]) < leaf.not_valid_after_utc
    await zone.until_gone(CHALLENGE)

    now = datetime.now(UTC)
    await pebble.wants_renewal(bundle["fullchain_pem"], (now - timedelta(hours=2), now - timedelta(hours=1)))
    assert await ask(catalog, retry=True) == asked
    await until(catalog, asked, lambda status: is_ready(status) and status["serial"] != first["serial"])
    renewed = (await catalog.get(f"/certificates/{asked}/bundle")).json()
    assert (await verified(pebble, renewed, f"wiki.{NAME}")).public_key() != leaf.public_key()
    await zone.until_gone(CHALLENGE)
    assert await told(hub, 2) == ["CertificateIssued", "CertificateRenewed"]


async def test_it_is_issued_after_pebble_was_down(
    served: None, catalog: httpx.AsyncClient, pebble: Pebble, zone: Zone
) -> None:
    pebble.kill()
    certificate_id = await ask(catalog)
    waiting = await until(catalog, certificate_id, lambda status: bool(status["conditions"]))
    assert {condition["code"] for condition in waiting["conditions"]} == {"ERR_INFRA_UNAVAILABLE"}
    pebble.start()
    await until(catalog, certificate_id, is_ready)
    await zone.until_gone(CHALLENGE)


async def test_it_is_renewed_after_pebble_has_forgotten_account_and_certificate(
    asked: str, catalog: httpx.AsyncClient, pebble: Pebble, settings: DnsSettings
) -> None:
    first = await until(catalog, asked, is_ready)
    pebble.kill()
    pebble.start()
    await make_due(settings)
    await ask(catalog, retry=True)
    await until(catalog, asked, lambda status: is_ready(status) and status["serial"] != first["serial"])
    bundle = (await catalog.get(f"/certificates/{asked}/bundle")).json()
    await verified(pebble, bundle, f"wiki.{NAME}")


async def make_due(settings: DnsSettings) -> None:
    """As if two thirds of its life were over."""
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.sessions.begin() as session:
        await session.execute(update(CertificateRow).values(issued_renew_at=datetime.now(UTC)))
    await database.dispose()


async def test_a_certificate_is_revoked_when_its_cluster_goes(
    asked: str, catalog: httpx.AsyncClient, pebble: Pebble, hub: DnsHub
) -> None:
    first = await until(catalog, asked, is_ready)
    absent = desired(ADDRESS, generation=2).model_copy(update={"presence": Presence.ABSENT})
    await hub.send(absent, revision=2)
    assert await until(catalog, asked, lambda status: False) is None
    assert await pebble.revocation_of(first["serial"]) == "Revoked"


async def test_private_keys_are_for_the_catalog_only(
    asked: str, catalog: httpx.AsyncClient, alice: httpx.AsyncClient, mallory: httpx.AsyncClient
) -> None:
    await until(catalog, asked, is_ready)
    assert (await alice.get(f"/certificates/{asked}/bundle")).status_code == 403
    assert (await alice.get(f"/certificates/{asked}")).json()["metadata"]["name"] == NAME
    assert [one["metadata"]["id"] for one in (await alice.get("/certificates")).json()["items"]] == [asked]
    assert (await mallory.get(f"/certificates/{asked}")).status_code == 404
    assert (await mallory.get("/certificates")).json()["items"] == []
    foreign = {"cluster_id": CLUSTER, "address": ADDRESS}
    assert (await mallory.post("/certificates", json=foreign)).json()["code"] == "address_not_found"
    assert (await alice.post("/certificates", json=foreign)).status_code == 200
    assert ALICE.project_id not in (await catalog.get(f"/certificates/{asked}/bundle")).text
