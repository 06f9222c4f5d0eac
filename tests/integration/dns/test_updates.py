"""RFC 2136 with TSIG against the whole service, as dnspython and Debian's nsupdate send it; and transfers."""

import base64
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import dns.xfr
import dns.zone
import pytest
from dns.rcode import Rcode

from brb_shared.contracts.tenant import Tenant
from brb_shared.testing.debian import Programs, ensure_programs
from fakes.dns_control import ADDRESS, ALICE, CLUSTER, MALLORY, desired, dns_hub
from fakes.dns_platform import ZONE, DnsPlatform

UNDER = f"shop.{ADDRESS}.{ZONE}"
CHALLENGE = f"_acme-challenge.{UNDER}"
HOST = f"shop.apps.{ZONE}"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsPlatform]:
    platform = DnsPlatform(tmp_path_factory.mktemp("dns"))
    yield platform
    platform.remove()


@pytest.fixture(scope="module")
async def cluster(platform: DnsPlatform) -> None:
    async with dns_hub(platform.nats.url) as hub:
        await hub.send(desired(ADDRESS), revision=1)
        await hub.until(lambda observed: observed.cluster_id == CLUSTER and observed.ready)


@dataclass
class Client:
    """Someone who has a key."""

    port: int
    key: dns.tsig.Key

    def update(self) -> dns.update.UpdateMessage:
        return dns.update.UpdateMessage(ZONE, keyring=self.key)

    async def send(self, message: dns.message.Message) -> Rcode:
        """Over UDP, asked again as every client of it does. Raises if the answer's signature does not verify."""
        for is_last in (False, False, True):
            try:
                answer = await dns.asyncquery.udp(message, "127.0.0.1", port=self.port, timeout=3)
                break
            except dns.exception.Timeout:
                if is_last:
                    raise
        assert answer.had_tsig
        return answer.rcode()

    async def values(self, name: str, type_: str = "TXT") -> set[str]:
        query = dns.message.make_query(name, type_)
        answer, _ = await dns.asyncquery.udp_with_fallback(query, "127.0.0.1", port=self.port, timeout=5)
        return {rdata.to_text() for rrset in answer.answer for rdata in rrset}

    async def sees(self, name: str, *values: str, type_: str = "TXT") -> None:
        end = time.monotonic() + 5
        while await self.values(name, type_) != set(values):
            assert time.monotonic() < end, await self.values(name, type_)


async def make_key(platform: DnsPlatform, tenant: Tenant, **body: Any) -> dict[str, Any]:
    async with platform.client(tenant) as client:
        answer = await client.post("/keys", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def client_of(platform: DnsPlatform, key: dict[str, Any]) -> Client:
    return Client(platform.dns_port, dns.tsig.Key(key["id"], key["secret"], "hmac-sha256"))


@pytest.fixture(scope="module")
async def acme(platform: DnsPlatform, cluster: None) -> Client:
    """Alice's key for challenges under her address."""
    return client_of(platform, await make_key(platform, ALICE, names=[UNDER]))


@pytest.fixture(scope="module")
async def owner(platform: DnsPlatform, cluster: None) -> Client:
    """Alice's key for everything that is hers."""
    types = ["A", "AAAA", "CNAME", "TXT", "CAA"]
    return client_of(platform, await make_key(platform, ALICE, names=[UNDER, HOST], types=types, may_transfer=True))


async def test_challenges_come_and_go_one_by_one(acme: Client) -> None:
    for value in ("first", "second"):
        update = acme.update()
        update.add(CHALLENGE + ".", 60, "TXT", value)
        assert await acme.send(update) is Rcode.NOERROR
    await acme.sees(CHALLENGE, '"first"', '"second"')
    update = acme.update()
    update.delete(CHALLENGE + ".", "TXT", "first")
    assert await acme.send(update) is Rcode.NOERROR
    await acme.sees(CHALLENGE, '"second"')
    update = acme.update()
    update.delete(CHALLENGE + ".", "TXT")
    assert await acme.send(update) is Rcode.NOERROR
    await acme.sees(CHALLENGE)


async def test_a_key_touches_only_its_names_and_types(acme: Client) -> None:
    for name, type_, value in (
        (HOST, "TXT", "x"),
        (f"x{UNDER}", "TXT", "x"),
        (f"other.{ADDRESS}.{ZONE}", "TXT", "x"),
        (CHALLENGE, "A", ADDRESS),
        (ZONE, "TXT", "x"),
        (UNDER, "NS", "ns.example.org."),
    ):
        update = acme.update()
        update.add(name + ".", 60, type_, value)
        assert await acme.send(update) is Rcode.REFUSED, name


async def test_an_update_is_done_as_a_whole_or_not_at_all(acme: Client) -> None:
    update = acme.update()
    update.add(CHALLENGE + ".", 60, "TXT", "half")
    update.add(HOST + ".", 60, "TXT", "not allowed")
    assert await acme.send(update) is Rcode.REFUSED
    assert await acme.values(CHALLENGE) == set()


async def test_prerequisites_are_checked_first(owner: Client) -> None:
    def adding(value: str) -> dns.update.UpdateMessage:
        update = owner.update()
        update.add(HOST + ".", 60, "TXT", value)
        return update

    update = adding("one")
    update.present(HOST + ".")
    assert await owner.send(update) is Rcode.NXDOMAIN
    update = adding("one")
    update.absent(HOST + ".", "TXT")
    assert await owner.send(update) is Rcode.NOERROR
    update = adding("two")
    update.absent(HOST + ".")
    assert await owner.send(update) is Rcode.YXDOMAIN
    update = adding("two")
    update.present(HOST + ".", "TXT", "wrong")
    assert await owner.send(update) is Rcode.NXRRSET
    update = adding("two")
    update.present(HOST + ".", "TXT", "one")
    assert await owner.send(update) is Rcode.NOERROR
    await owner.sees(HOST, '"one"', '"two"')
    update = owner.update()
    update.delete(HOST + ".")
    assert await owner.send(update) is Rcode.NOERROR
    await owner.sees(HOST)


async def test_wrong_zone_and_names_outside_are_told(owner: Client) -> None:
    other = dns.update.UpdateMessage("example.org", keyring=owner.key)
    other.add("www.example.org.", 60, "A", "8.8.8.8")
    answer = await dns.asyncquery.udp(other, "127.0.0.1", port=owner.port, timeout=5)
    assert answer.rcode() in (Rcode.NOTAUTH, Rcode.REFUSED)
    outside = owner.update()
    outside.add(dns.name.from_text("www.example.org."), 60, "A", "8.8.8.8")
    assert await owner.send(outside) is Rcode.NOTZONE


async def test_an_unknown_key_and_a_wrong_secret_get_notauth(acme: Client) -> None:
    unknown = Client(acme.port, dns.tsig.Key("dk-unknown", acme.key.secret, "hmac-sha256"))
    wrong = Client(acme.port, dns.tsig.Key(acme.key.name, base64.b64encode(b"x" * 32).decode(), "hmac-sha256"))
    for client, error in ((unknown, dns.tsig.PeerBadKey), (wrong, dns.tsig.PeerBadSignature)):
        update = client.update()
        update.add(CHALLENGE + ".", 60, "TXT", "forged")
        with pytest.raises(error):
            await client.send(update)
    assert await acme.values(CHALLENGE) == set()


async def test_a_deleted_key_is_refused_at_once(platform: DnsPlatform, cluster: None) -> None:
    key = await make_key(platform, ALICE, names=[UNDER])
    client = client_of(platform, key)
    async with platform.client(ALICE) as alice:
        assert (await alice.delete(f"/keys/{key['id']}")).status_code == 204
        assert key["id"] not in [one["id"] for one in (await alice.get("/keys")).json()["items"]]
    update = client.update()
    update.add(CHALLENGE + ".", 60, "TXT", "late")
    with pytest.raises(dns.tsig.PeerBadKey):
        await client.send(update)


async def test_nobody_gets_a_key_for_what_is_anothers(platform: DnsPlatform, owner: Client) -> None:
    update = owner.update()
    update.add(HOST + ".", 60, "TXT", "alice's")
    assert await owner.send(update) is Rcode.NOERROR
    async with platform.client(MALLORY) as mallory:
        for name in (UNDER, HOST, ZONE, f"apps.{ZONE}"):
            assert (await mallory.post("/keys", json={"names": [name]})).status_code in (403, 422)
        assert (await mallory.get("/keys")).json()["items"] == []


async def test_unsigned_updates_and_transfers_are_refused(owner: Client) -> None:
    update = dns.update.UpdateMessage(ZONE)
    update.add(HOST + ".", 60, "TXT", "unsigned")
    answer = await dns.asyncquery.udp(update, "127.0.0.1", port=owner.port, timeout=5)
    assert answer.rcode() in (Rcode.REFUSED, Rcode.NOTIMP)
    transfer = dns.message.make_query(ZONE, "AXFR")
    answer = await dns.asyncquery.tcp(transfer, "127.0.0.1", port=owner.port, timeout=5)
    assert answer.rcode() is Rcode.REFUSED


async def test_a_key_with_that_right_transfers_its_projects_records(owner: Client, acme: Client) -> None:
    for number in range(40):  # more than one message
        update = owner.update()
        for part in range(8):
            update.add(f"n{number}.{HOST}.", 60, "TXT", f"{part}" + "x" * 240)
        assert await owner.send(update) is Rcode.NOERROR
    whole = dns.zone.Zone(ZONE, relativize=False)
    query, _ = dns.xfr.make_query(whole, keyring=owner.key)
    await dns.asyncquery.inbound_xfr("127.0.0.1", whole, query, port=owner.port, timeout=10)
    assert sum(f".{HOST}." in name.to_text() for name in whole.nodes) == 40
    refused = dns.message.make_query(ZONE, "AXFR")
    refused.use_tsig(acme.key)
    answer = await dns.asyncquery.tcp(refused, "127.0.0.1", port=acme.port, timeout=5)
    assert answer.rcode() is Rcode.REFUSED


@pytest.fixture(scope="module")
def programs() -> Programs:
    return ensure_programs({"nsupdate": "bind9-dnsutils"})


async def test_nsupdate_of_bind_adds_and_deletes(acme: Client, programs: Programs) -> None:
    secret = base64.b64encode(acme.key.secret).decode()
    name = acme.key.name.to_text(omit_final_dot=True)

    def nsupdate(line: str) -> None:
        script = f"server 127.0.0.1 {acme.port}\nkey hmac-sha256:{name} {secret}\n{line}\nsend\n"
        done = subprocess.run(
            [programs["nsupdate"]], input=script, text=True, capture_output=True, timeout=30, env=programs.environment()
        )
        assert done.returncode == 0, done.stderr

    nsupdate(f'update add {CHALLENGE}. 60 TXT "by nsupdate"')
    await acme.sees(CHALLENGE, '"by nsupdate"')
    nsupdate(f"update delete {CHALLENGE}. TXT")
    await acme.sees(CHALLENGE)
