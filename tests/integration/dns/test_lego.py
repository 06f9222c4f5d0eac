"""lego, the ACME client, gets its certificate from a real authority (Pebble) with one of our keys, by RFC 2136.

The documented way for users: the update goes to our name server, and the authority looks at the same one.
"""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.message
import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from brb_shared.contracts.tenant import Tenant
from brb_shared.testing.go_programs import go_program
from fakes.dns_control import ADDRESS, ALICE, CLUSTER, desired, dns_hub
from fakes.dns_platform import ZONE, DnsPlatform
from fakes.pebble import Pebble

MODULE = Path(__file__).resolve().parents[2] / "lego"
NAME = f"shop.{ADDRESS}.{ZONE}"
HOST = f"shop.apps.{ZONE}"
SECONDS = 120


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsPlatform]:
    platform = DnsPlatform(tmp_path_factory.mktemp("dns"))
    yield platform
    platform.remove()


@pytest.fixture(scope="module")
def pebble(platform: DnsPlatform) -> Iterator[Pebble]:
    server = Pebble(f"127.0.0.1:{platform.dns_port}", timedelta(days=6))
    server.start()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def program() -> Path:
    return go_program(MODULE)


@pytest.fixture(scope="module")
async def cluster(platform: DnsPlatform) -> None:
    async with dns_hub(platform.nats.url) as hub:
        await hub.send(desired(ADDRESS), revision=1)
        await hub.until(lambda observed: observed.cluster_id == CLUSTER and observed.ready)


async def make_key(platform: DnsPlatform, tenant: Tenant, *names: str) -> dict[str, Any]:
    async with platform.client(tenant) as client:
        answer = await client.post("/keys", json={"names": names})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


class Lego:
    """The program with a key; its pauses are short."""

    def __init__(self, program: Path, platform: DnsPlatform, pebble: Pebble, key: dict[str, Any]) -> None:
        self._server = f"127.0.0.1:{platform.dns_port}"
        self._command = [str(program), pebble.directory, self._server]
        self._environment = dict(os.environ) | {
            "LEGO_CA_CERTIFICATES": str(pebble.ca_file),
            "RFC2136_NAMESERVER": self._server,
            "RFC2136_TSIG_ALGORITHM": "hmac-sha256.",
            "RFC2136_TSIG_KEY": key["id"],
            "RFC2136_TSIG_SECRET": key["secret"],
            "RFC2136_PROPAGATION_TIMEOUT": "20",
            "RFC2136_POLLING_INTERVAL": "1",
            "RFC2136_SEQUENCE_INTERVAL": "1",
        }

    async def run(self, *names: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(self._run, names)

    def _run(self, names: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        command = [*self._command, *names]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=SECONDS)


async def texts(platform: DnsPlatform, name: str) -> list[str]:
    query = dns.message.make_query(f"_acme-challenge.{name}", "TXT")
    answer = await dns.asyncquery.udp(query, "127.0.0.1", timeout=5, port=platform.dns_port)
    return [record.to_text() for rrset in answer.answer for record in rrset]


@pytest.mark.parametrize("name", [NAME, HOST], ids=["under an address", "a host name"])
async def test_lego_gets_a_wildcard_certificate(
    name: str, program: Path, platform: DnsPlatform, pebble: Pebble, cluster: None
) -> None:
    lego = Lego(program, platform, pebble, await make_key(platform, ALICE, name))
    done = await lego.run(f"*.{name}", name)
    assert done.returncode == 0, done.stderr
    leaf, *others = x509.load_pem_x509_certificates(done.stdout.encode())
    root, *_ = await pebble.roots()
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(f"wiki.{name}"))
    assert verifier.verify(leaf, others)[0] == leaf
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {f"*.{name}", name}
    assert await texts(platform, name) == []


async def test_lego_gets_none_for_a_name_that_its_key_may_not_touch(
    program: Path, platform: DnsPlatform, pebble: Pebble, cluster: None
) -> None:
    lego = Lego(program, platform, pebble, await make_key(platform, ALICE, NAME))
    done = await lego.run(f"other.{ADDRESS}.{ZONE}")
    assert done.returncode != 0
    assert "REFUSED" in done.stderr
    assert await texts(platform, f"other.{ADDRESS}.{ZONE}") == []
