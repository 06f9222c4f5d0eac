"""Desired in, observed out; records in, changes out: the control side over real PostgreSQL and NATS."""

import itertools
from typing import Any

import httpx
from fastapi import FastAPI

from brb_dns.models import SCHEMA, Base
from brb_dns.settings import DnsSettings
from brb_shared.contracts.conditions import ConditionType, find_condition
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.registry import Service
from brb_shared.contracts.zone import ZoneSnapshot
from brb_shared.database import Database
from brb_shared.database.migrations import differences
from fakes.dns_control import ADDRESS, ALICE, CLUSTER, MALLORY, ZONE, DnsHub, caller, control_app, desired
from fakes.gateway import Services

UNDER = f"www.shop.{ADDRESS}.{ZONE}"


async def make(client: httpx.AsyncClient, name: str, type_: str, value: str, **more: Any) -> httpx.Response:
    return await client.post("/records", json={"name": name, "type": type_, "value": value, **more})


async def snapshot(app: FastAPI, services: Services) -> ZoneSnapshot:
    async with caller(app, services, service=Service.DNS) as client:
        return ZoneSnapshot.model_validate_json((await client.get("/snapshot")).content)


async def rrsets(app: FastAPI, services: Services) -> dict[tuple[str, str], tuple[str, ...]]:
    whole = await snapshot(app, services)
    return {(rrset.name, rrset.type): rrset.values for rrset in whole.rrsets}


async def test_a_cluster_gets_its_app_domains_and_leaves_nothing_behind(
    working: None, hub: DnsHub, alice: httpx.AsyncClient, control: FastAPI, services: Services
) -> None:
    await hub.send(desired(ADDRESS, "2001:db8::7"), revision=1)
    ready = await hub.until(lambda observed: observed.ready)
    assert ready.initialized
    assert ready.zone == ZONE
    assert [one.domain for one in ready.app_domains] == [f"shop.{ADDRESS}.{ZONE}", f"shop.2001-db8--7.{ZONE}"]
    assert (await make(alice, UNDER, "TXT", "own", cluster_id=CLUSTER)).status_code == 201
    assert (await make(alice, f"shop.apps.{ZONE}", "CNAME", UNDER + ".", cluster_id=CLUSTER)).status_code == 201
    assert (await make(alice, f"b.{UNDER}", "TXT", "the project's")).status_code == 201
    absent = desired(ADDRESS, generation=2).model_copy(update={"presence": Presence.ABSENT})
    await hub.send(absent, revision=2)
    await hub.until(lambda observed: observed.presence is Presence.ABSENT)
    assert await rrsets(control, services) == {}
    assert [event.reason for event in hub.timeline] == ["AppDomainsServed", "RecordsPurged"]
    assert (await make(alice, UNDER, "TXT", "late")).json()["code"] == "name_not_yours"


async def test_records_under_an_address_that_leaves_the_cluster_are_purged(
    working: None, hub: DnsHub, alice: httpx.AsyncClient, control: FastAPI, services: Services
) -> None:
    await hub.send(desired(ADDRESS, "198.51.100.8"), revision=1)
    await hub.until(lambda observed: observed.ready)
    await make(alice, UNDER, "TXT", "goes")
    await make(alice, f"www.shop.198.51.100.8.{ZONE}", "TXT", "stays")
    await hub.send(desired("198.51.100.8", generation=2), revision=2)
    await hub.until(lambda observed: observed.observed_generation == 2)
    assert list(await rrsets(control, services)) == [(f"www.shop.198.51.100.8.{ZONE}", "TXT")]


async def test_an_address_is_one_clusters_until_it_lets_go_of_it(cluster: None, hub: DnsHub) -> None:
    other = desired(ADDRESS, tenant=MALLORY, cluster_id="c-9999999999")
    await hub.send(other, revision=1)
    waiting = await hub.until(lambda observed: observed.cluster_id == other.cluster_id)
    condition = find_condition(waiting.conditions, ConditionType.DNS_READY)
    assert condition is not None
    assert condition.reason == "AddressHeld"
    assert waiting.app_domains == ()
    await hub.send(desired(generation=2), revision=2)
    await hub.until(lambda observed: observed.cluster_id == other.cluster_id and observed.ready)


async def test_an_address_outside_the_zones_networks_is_said_and_not_promised(working: None, hub: DnsHub) -> None:
    await hub.send(desired("203.0.113.9"), revision=1)
    seen = await hub.until(lambda observed: bool(observed.conditions))
    condition = find_condition(seen.conditions, ConditionType.DNS_READY)
    assert condition is not None
    assert condition.reason == "AddressNotServed"
    assert "203.0.113.9" in condition.message
    assert not seen.initialized


async def test_values_of_a_name_add_up_unless_asked_to_replace(
    cluster: None, alice: httpx.AsyncClient, control: FastAPI, services: Services
) -> None:
    first, again = await make(alice, UNDER, "TXT", "one"), await make(alice, UNDER, "TXT", "one", ttl_seconds=60)
    assert first.json()["id"] == again.json()["id"]
    await make(alice, UNDER, "TXT", "two words", ttl_seconds=90)
    assert await rrsets(control, services) == {(UNDER, "TXT"): ('"one"', '"two words"')}
    assert {rrset.ttl_seconds for rrset in (await snapshot(control, services)).rrsets} == {90}
    shown = (await alice.get("/records", params={"name": UNDER})).json()["items"]
    assert sorted(record["value"] for record in shown) == ["one", "two words"]
    await make(alice, UNDER, "TXT", "alone", replace=True)
    assert await rrsets(control, services) == {(UNDER, "TXT"): ('"alone"',)}


async def test_a_user_hostname_is_the_first_projects_and_stays_so_for_a_while(
    control: FastAPI, alice: httpx.AsyncClient, mallory: httpx.AsyncClient
) -> None:
    made = await make(alice, f"Shop.apps.{ZONE}.", "A", "192.0.2.1".replace("192.0.2", "8.8.8"))
    assert made.status_code == 201
    assert made.json()["name"] == f"shop.apps.{ZONE}"
    for name in (f"shop.apps.{ZONE}", f"www.shop.apps.{ZONE}"):
        refused = await make(mallory, name, "A", "8.8.4.4")
        assert (refused.status_code, refused.json()["code"]) == (409, "name_taken")
    assert (await alice.delete(f"/records/{made.json()['id']}")).status_code == 204
    assert (await make(mallory, f"shop.apps.{ZONE}", "A", "8.8.4.4")).json()["code"] == "name_taken"
    assert (await make(alice, f"*.shop.apps.{ZONE}", "A", "8.8.4.4")).status_code == 201


REFUSED = (
    (f"x.{ZONE}", "A", "8.8.8.8", "name_not_yours"),
    (ZONE, "TXT", "apex", "invalid_record"),
    (f"apps.{ZONE}", "TXT", "all of them", "name_not_yours"),
    (f"*.apps.{ZONE}", "A", "8.8.8.8", "name_not_yours"),
    ("www.example.org", "A", "8.8.8.8", "invalid_record"),
    (f"a..b.apps.{ZONE}", "A", "8.8.8.8", "invalid_record"),
    (f"x.198.51.100.8.{ZONE}", "TXT", "another's address", "name_not_yours"),
    (f"x-198-51-100-8.{ZONE}", "TXT", "another's address", "name_not_yours"),
    (f"x.c6336408.{ZONE}", "TXT", "another's address", "name_not_yours"),
    (f"s.apps.{ZONE}", "A", "127.0.0.1", "invalid_record"),
    (f"s.apps.{ZONE}", "A", "169.254.169.254", "invalid_record"),
    (f"s.apps.{ZONE}", "A", "10.0.0.1", "invalid_record"),
    (f"s.apps.{ZONE}", "A", "not an address", "invalid_record"),
    (f"s.apps.{ZONE}", "AAAA", "::ffff:127.0.0.1", "invalid_record"),
    (f"s.apps.{ZONE}", "AAAA", "2002:7f00:1::", "invalid_record"),
    (f"s.apps.{ZONE}", "CNAME", "localhost", "invalid_record"),
    (f"s.apps.{ZONE}", "CAA", '0 nonsense "x"', "invalid_record"),
    (f"s.apps.{ZONE}", "TXT", "", "invalid_record"),
)


async def test_what_may_not_be_is_refused(cluster: None, alice: httpx.AsyncClient) -> None:
    for name, type_, value, code in REFUSED:
        answer = await make(alice, name, type_, value)
        assert answer.status_code in (403, 422), (name, value)
        assert answer.json()["code"] == code, (name, value)


async def test_a_cname_stands_alone(cluster: None, alice: httpx.AsyncClient) -> None:
    assert (await make(alice, f"s.apps.{ZONE}", "A", "8.8.8.8")).status_code == 201
    beside = await make(alice, f"s.apps.{ZONE}", "CNAME", "www.example.org.")
    assert (beside.status_code, beside.json()["code"]) == (409, "record_conflict")
    assert (await make(alice, f"t.apps.{ZONE}", "CNAME", "www.example.org.")).status_code == 201
    assert (await make(alice, f"t.apps.{ZONE}", "TXT", "x")).json()["code"] == "record_conflict"
    assert (await make(alice, f"t.apps.{ZONE}", "CNAME", "b.example.org.", replace=True)).status_code == 201


async def test_a_tenant_sees_and_deletes_only_its_own(
    cluster: None, alice: httpx.AsyncClient, mallory: httpx.AsyncClient
) -> None:
    record = (await make(alice, UNDER, "TXT", "alice's")).json()
    assert (await mallory.get("/records")).json()["items"] == []
    assert (await mallory.get(f"/records/{record['id']}")).status_code == 404
    assert (await mallory.delete(f"/records/{record['id']}")).status_code == 404
    assert (await make(mallory, UNDER, "TXT", "alice's")).status_code == 403
    assert (await make(mallory, f"m.apps.{ZONE}", "TXT", "x", cluster_id=CLUSTER)).status_code == 404
    assert [one["id"] for one in (await alice.get("/records")).json()["items"]] == [record["id"]]


async def test_the_tenant_is_a_signed_claim_and_needed(control: FastAPI, services: Services) -> None:
    async with caller(control, services) as nobody:
        assert (await nobody.get("/records")).json()["code"] == "tenant_missing"
    async with caller(control, services, tenant=ALICE, service=Service.INSTALLER) as installer:
        assert (await installer.get("/records")).status_code == 403
    async with caller(control, services, tenant=ALICE) as gateway:
        assert (await gateway.get("/snapshot")).status_code == 403
        gateway.headers["Authorization"] += "x"
        assert (await gateway.get("/records")).status_code == 401


async def test_quotas_hold_for_each_owner(settings: DnsSettings, services: Services, cluster: None) -> None:
    small = settings.model_copy(update={"dns_records_per_owner": 2, "dns_hostnames_per_tenant": 1})
    async with control_app(small) as app, caller(app, services, tenant=ALICE) as alice:
        for number in range(2):
            assert (await make(alice, UNDER, "TXT", str(number))).status_code == 201
        assert (await make(alice, UNDER, "TXT", "third")).json()["code"] == "dns_quota_reached"
        assert (await make(alice, UNDER, "TXT", "of the cluster", cluster_id=CLUSTER)).status_code == 201
        assert (await make(alice, f"a.apps.{ZONE}", "TXT", "x", cluster_id=CLUSTER)).status_code == 201
        assert (await make(alice, f"b.apps.{ZONE}", "TXT", "x", cluster_id=CLUSTER)).json()[
            "code"
        ] == "dns_quota_reached"


async def test_a_list_is_paged(cluster: None, alice: httpx.AsyncClient) -> None:
    made = {(await make(alice, UNDER, "TXT", str(number))).json()["id"] for number in range(5)}
    seen: list[str] = []
    token = ""
    while token is not None:
        page = (await alice.get("/records", params={"page_size": 2, "page_token": token})).json()
        seen += [record["id"] for record in page["items"]]
        token = page["next_page_token"]
    assert set(seen) == made
    assert len(seen) == 5


async def test_the_zone_says_what_is_served(control: FastAPI, alice: httpx.AsyncClient) -> None:
    zone = (await alice.get("/zone")).json()
    assert zone["zone"] == ZONE
    assert zone["nameservers"] == [{"name": f"ns1.{ZONE}", "addresses": []}]
    assert "198.51.100.0/24" in zone["networks"]


async def test_the_serial_grows_with_each_change(
    cluster: None, alice: httpx.AsyncClient, control: FastAPI, services: Services
) -> None:
    serials, revisions = [], []
    for number in range(5):
        await make(alice, UNDER, "TXT", str(number))
        whole = await snapshot(control, services)
        serials.append(whole.serial)
        revisions.append(whole.revision)
    assert all(0 < (after - before) % 2**32 < 2**31 for before, after in itertools.pairwise(serials))
    assert revisions == list(range(revisions[0], revisions[0] + 5))


async def test_the_migrations_make_what_the_models_say(settings: DnsSettings) -> None:
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: list(differences(sync, SCHEMA, Base.metadata)))
    await database.dispose()
    assert found == []
