"""Every change of the zone and every refusal reaches the audit log, whether it came over HTTP or signed over DNS."""

import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import dns.message
import dns.tsig
import dns.update
import httpx
import pytest
from dns.rcode import Rcode
from fastapi import FastAPI

from brb_dns.feed import ControlClient
from brb_dns.settings import DnsSettings
from brb_shared.contracts.audit import Verdict
from brb_shared.contracts.registry import Service
from brb_shared.http.audit import digest
from fakes.audit_reader import AuditReader, reading
from fakes.audit_trails import FullDiskTrail
from fakes.dns_control import ADDRESS, ALICE, CLUSTER, ZONE, caller, control_app
from fakes.gateway import Services

UNDER = f"www.shop.{ADDRESS}.{ZONE}"
HOST = f"shop.apps.{ZONE}"
CLIENT = "203.0.113.9"


@pytest.fixture
async def audit(settings: DnsSettings) -> AsyncIterator[AuditReader]:
    async with reading(settings.nats_url, Service.DNS) as reader:
        yield reader


@asynccontextmanager
async def passing_on(app: FastAPI, services: Services) -> AsyncIterator[ControlClient]:
    """What the answering processes pass signed messages on with."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://dns") as client:
        yield ControlClient(client, services.keys[Service.DNS])


@pytest.fixture
async def answering(control: FastAPI, services: Services) -> AsyncIterator[ControlClient]:
    async with passing_on(control, services) as client:
        yield client


async def make_key(alice: httpx.AsyncClient, *names: str, **rights: Any) -> dns.tsig.Key:
    body = {"names": names, "description": "the shop's ACME client", **rights}
    made = (await alice.post("/keys", json=body)).json()
    return dns.tsig.Key(made["id"], made["secret"], "hmac-sha256")


def id_of(key: dns.tsig.Key) -> str:
    return key.name.to_text(omit_final_dot=True)


async def send(answering: ControlClient, message: dns.message.Message, transport: str = "udp") -> Rcode:
    (answer, *_) = await answering.pass_on(message.to_wire(), transport, CLIENT)
    return dns.message.from_wire(answer, keyring=False).rcode()


def adding(key: dns.tsig.Key, name: str, value: str) -> dns.update.UpdateMessage:
    update = dns.update.UpdateMessage(ZONE, keyring=key)
    update.add(f"{name}.", 60, "TXT", value)
    return update


async def test_a_change_over_http_tells_who_what_and_the_object_before_and_after(
    cluster: None, alice: httpx.AsyncClient, audit: AuditReader
) -> None:
    headers = {"X-Request-Id": "r-1"}
    body = {"name": UNDER, "type": "TXT", "value": "hello", "cluster_id": CLUSTER}
    made = (await alice.post("/records", json=body, headers=headers)).json()
    await alice.get("/records")
    await alice.delete(f"/records/{made['id']}", headers=headers)
    create, delete = await audit.until(2)
    assert [(one.service, one.user.id, one.request_id) for one in (create, delete)] == [("dns", "alice", "r-1")] * 2
    assert (create.method, create.response_code, create.decision) == ("POST", 201, Verdict.NONE)
    assert create.target.model_dump(exclude_defaults=True) == {
        "verb": "create", "resource": "dnsrecords", "id": made["id"], "cluster_id": CLUSTER,
    }  # fmt: skip
    assert (create.before_digest, create.after_digest) == ("", digest(made))
    assert (delete.before_digest, delete.after_digest) == (digest(made), "")
    assert (delete.target.verb, delete.target.id, delete.response_code) == ("delete", made["id"], 204)


async def test_keys_made_and_deleted_are_entries_without_their_secret(
    cluster: None, alice: httpx.AsyncClient, audit: AuditReader
) -> None:
    made = (await alice.post("/keys", json={"names": [HOST]})).json()
    await alice.delete(f"/keys/{made['id']}")
    create, delete = await audit.until(2)
    assert (create.target.resource, create.target.id) == ("dnskeys", made["id"])
    assert create.after_digest == delete.before_digest == digest({k: v for k, v in made.items() if k != "secret"})


async def test_whoever_is_refused_is_an_entry_with_the_reason(
    cluster: None, mallory: httpx.AsyncClient, control: FastAPI, services: Services, audit: AuditReader
) -> None:
    await mallory.post("/records", json={"name": UNDER, "type": "TXT", "value": "mine"})
    async with caller(control, services, service=Service.INSTALLER) as installer:
        assert (await installer.get("/records")).status_code == 403
        assert (await installer.get("/snapshot", headers={"Authorization": "Bearer forged"})).status_code == 401
    not_yours, not_allowed, forged = await audit.until(3)
    assert {one.decision for one in (not_yours, not_allowed, forged)} == {Verdict.DENY}
    assert (not_yours.response_code, ADDRESS in not_yours.message) == (403, True)
    assert (not_allowed.user.id, not_allowed.target.resource) == ("service:installer", "dnsrecords")
    assert "installer" in not_allowed.rule
    assert (forged.response_code, forged.user.id, forged.rule) == (401, "", "The service token is not valid")


async def test_an_update_signed_with_a_key_is_an_entry_of_that_key(
    cluster: None, alice: httpx.AsyncClient, answering: ControlClient, audit: AuditReader
) -> None:
    key = await make_key(alice, UNDER)
    assert await send(answering, adding(key, UNDER, "one")) is Rcode.NOERROR
    assert await send(answering, adding(key, UNDER, "two")) is Rcode.NOERROR
    _, first, second = await audit.until(3)
    assert (first.user.id, first.user.name) == (f"dnskey:{id_of(key)}", "the shop's ACME client")
    assert first.target.model_dump(exclude_defaults=True) == {
        "verb": "update", "resource": "dnsrecords", "id": UNDER, "cluster_id": CLUSTER,
    }  # fmt: skip
    assert (first.decision, first.message, first.remote_addr) == (Verdict.ALLOW, "NOERROR", CLIENT)
    one, two = [UNDER, "TXT", '"one"', 60], [UNDER, "TXT", '"two"', 60]
    assert (first.before_digest, first.after_digest) == (digest([]), digest([one]))
    assert (second.before_digest, second.after_digest) == (digest([one]), digest([one, two]))


async def test_an_update_that_cannot_be_recorded_is_not_made(
    cluster: None, alice: httpx.AsyncClient, control: FastAPI, answering: ControlClient
) -> None:
    key = await make_key(alice, UNDER)
    control.state.audit_trail = FullDiskTrail()
    with pytest.raises(OSError, match="no space left"):
        await send(answering, adding(key, UNDER, "unseen"))
    assert (await alice.get("/records")).json()["items"] == []


async def test_a_refused_update_is_a_denial_with_its_reason_and_leaves_nothing_else(
    cluster: None, alice: httpx.AsyncClient, answering: ControlClient, audit: AuditReader
) -> None:
    key = await make_key(alice, UNDER)
    update = adding(key, UNDER, "half")
    update.add(f"{HOST}.", 60, "TXT", "not allowed")
    assert await send(answering, update) is Rcode.REFUSED
    _, refused = await audit.until(2)
    assert (refused.decision, refused.message) == (Verdict.DENY, "REFUSED")
    assert (refused.user.id, refused.target.id) == (f"dnskey:{id_of(key)}", f"{HOST}, {UNDER}")
    assert HOST in refused.rule
    assert refused.after_digest == ""


async def test_a_prerequisite_that_does_not_hold_denies_nobody_anything(
    cluster: None, alice: httpx.AsyncClient, answering: ControlClient, audit: AuditReader
) -> None:
    update = adding(await make_key(alice, HOST), HOST, "one")
    update.present(f"{HOST}.")
    assert await send(answering, update) is Rcode.NXDOMAIN
    _, unmet = await audit.until(2)
    assert (unmet.decision, unmet.message.partition(":")[0]) == (Verdict.NONE, "NXDOMAIN")


async def test_asking_by_a_key_leaves_no_entry_and_a_refused_transfer_does(
    cluster: None, alice: httpx.AsyncClient, answering: ControlClient, audit: AuditReader
) -> None:
    key = await make_key(alice, UNDER)
    for type_, transport in (("SOA", "udp"), ("AXFR", "tcp")):
        query = dns.message.make_query(ZONE, type_)
        query.use_tsig(key)
        await send(answering, query, transport)
    _, refused = await audit.until(2)
    assert (refused.decision, "transfer" in refused.rule) == (Verdict.DENY, True)


async def test_a_flood_of_forged_signatures_is_two_entries_when_the_service_stops(
    settings: DnsSettings, services: Services, cluster: None, audit: AuditReader
) -> None:
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(control_app(settings))
        answering = await stack.enter_async_context(passing_on(app, services))
        alice = await stack.enter_async_context(caller(app, services, tenant=ALICE))
        key = await make_key(alice, UNDER)
        forged = dns.tsig.Key(key.name, base64.b64encode(b"x" * 32).decode(), "hmac-sha256")
        for number in range(20):
            unknown = dns.tsig.Key(f"dk-{number}", key.secret, "hmac-sha256")
            assert await send(answering, adding(unknown, UNDER, "x")) is Rcode.NOTAUTH
            assert await send(answering, adding(forged, UNDER, "x")) is Rcode.NOTAUTH
        await audit.until(1)
    _, *counted = await audit.until(3)
    assert {entry.user.id for entry in counted} == {"", f"dnskey:{id_of(key)}"}
    assert {(entry.decision, entry.response_code, entry.remote_addr) for entry in counted} == {
        (Verdict.DENY, 401, CLIENT)
    }
    assert all(" 20," in entry.message for entry in counted)
