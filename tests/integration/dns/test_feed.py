"""Records reach every server, and servers go on without the rest: the whole service as processes, killed in turn."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import httpx
import pytest

from brb_shared.testing.servers import Server
from fakes.dns_control import ADDRESS, ALICE, CLUSTER, desired, dns_hub
from fakes.dns_platform import ZONE, DnsPlatform
from fakes.gateway import stop

UNDER = f"www.shop.{ADDRESS}.{ZONE}"
_WITHIN_SECONDS = 30.0
_PAUSE_SECONDS = 0.02


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DnsPlatform]:
    platform = DnsPlatform(tmp_path_factory.mktemp("dns"))
    yield platform
    print(platform.logs())
    platform.remove()


async def ask(platform: DnsPlatform, name: str, type_: str = "TXT") -> set[str]:
    """The values, by TCP where UDP has no room. Raises without an answer within two seconds, and if it is a failure."""
    query = dns.message.make_query(name, type_)
    answer, _ = await dns.asyncquery.udp_with_fallback(query, "127.0.0.1", port=platform.dns_port, timeout=2)
    assert answer.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN), answer.rcode()
    return {rdata.to_text() for rrset in answer.answer for rdata in rrset}


async def eventually(condition: Callable[[], Awaitable[bool]]) -> float:
    """Seconds until it holds."""
    began = time.monotonic()
    async with asyncio.timeout(_WITHIN_SECONDS):
        while not await condition():
            await asyncio.sleep(_PAUSE_SECONDS)
    return time.monotonic() - began


async def add(platform: DnsPlatform, value: str) -> None:
    """As a user would: again, until the control API takes it."""

    async def taken() -> bool:
        try:
            async with platform.client(ALICE) as alice:
                answer = await alice.post("/records", json={"name": UNDER, "type": "TXT", "value": value})
        except httpx.HTTPError:
            return False
        return answer.status_code == 201

    await eventually(taken)


async def visible(platform: DnsPlatform, value: str) -> float:
    async def answered() -> bool:
        return f'"{value}"' in await ask(platform, UNDER)

    return await eventually(answered)


@pytest.fixture(scope="module")
async def cluster(platform: DnsPlatform) -> None:
    async with dns_hub(platform.nats.url) as hub:
        await hub.send(desired(ADDRESS), revision=1)
        await hub.until(lambda observed: observed.cluster_id == CLUSTER and observed.ready)


@dataclass
class Resolver:
    """Asks without pause and forgives nothing."""

    answers: int = 0
    failures: list[str] = field(default_factory=list)

    async def run(self, platform: DnsPlatform) -> None:
        while True:
            try:
                assert await ask(platform, f"app{self.answers}.{ADDRESS}.{ZONE}", "A") == {ADDRESS}
                assert '"kept"' in await ask(platform, UNDER)
                self.answers += 2
            except (dns.exception.DNSException, OSError, AssertionError) as error:
                self.failures.append(repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)


@asynccontextmanager
async def resolving(platform: DnsPlatform) -> AsyncIterator[Resolver]:
    resolver = Resolver()
    task = asyncio.create_task(resolver.run(platform))
    try:
        yield resolver
    finally:
        await stop([task])


async def test_a_record_is_answered_within_a_second_of_its_commit(platform: DnsPlatform, cluster: None) -> None:
    await add(platform, "warm")
    await visible(platform, "warm")
    seconds = []
    for number in range(5):
        await add(platform, f"quick-{number}")
        seconds.append(await visible(platform, f"quick-{number}"))
    assert statistics.median(seconds) < 1


async def test_no_query_fails_while_everything_else_is_killed_in_turn(platform: DnsPlatform, cluster: None) -> None:
    await add(platform, "kept")
    await visible(platform, "kept")
    victims: tuple[Server, ...] = (platform.nats, platform.postgres, platform.api)
    async with resolving(platform) as resolver:
        for victim in victims:
            await asyncio.to_thread(victim.kill)
            before = resolver.answers
            await eventually(partial(_more, resolver, before + 40))
            await asyncio.to_thread(victim.start)
            await add(platform, f"after-{victim.name}")
            await visible(platform, f"after-{victim.name}")
        await asyncio.to_thread(platform.nats.wipe)
        await add(platform, "after-a-wipe")
        await visible(platform, "after-a-wipe")
    assert resolver.failures == []
    assert resolver.answers > 100


async def test_servers_start_again_from_disk_while_all_the_rest_is_down(platform: DnsPlatform, cluster: None) -> None:
    await add(platform, "on-disk")
    await visible(platform, "on-disk")
    down: tuple[Server, ...] = (platform.work, platform.api, platform.nats, platform.postgres)
    for server in down:
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(platform.answer.kill)
    await asyncio.to_thread(platform.answer.start)
    await eventually(lambda: _answers_again(platform, "on-disk"))
    assert await ask(platform, f"app.{ADDRESS}.{ZONE}", "A") == {ADDRESS}
    for server in reversed(down):
        await asyncio.to_thread(server.start)
    await add(platform, "all-up-again")
    await visible(platform, "all-up-again")


async def _more(resolver: Resolver, answers: int) -> bool:
    return resolver.answers >= answers


async def _answers_again(platform: DnsPlatform, value: str) -> bool:
    """The killed server's last worker may still close what it was asked."""
    try:
        return f'"{value}"' in await ask(platform, UNDER)
    except (dns.exception.DNSException, OSError, EOFError):
        return False
