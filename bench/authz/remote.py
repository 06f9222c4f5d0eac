"""Questions to the authz service over HTTP and NATS, one after the other and several at once, on kept connections.

The service has a core of its own; client, PostgreSQL and NATS have the other one.
"""

import asyncio
import gc
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.authz.asking import Ask, Opened, Question, over_http, over_nats
from bench.authz.service import CLIENT_CORE, AuthzServer, running_service
from bench.authz.worlds import Platform
from bench.dns.processes import cpu_seconds, on_core
from brb_shared.access.model import Request

ASKED, WARM_UP, AT_ONCE = 3000, 300, 8
_LOAD_SECONDS = 120.0  # the first answer comes when the service has loaded the world


@dataclass(frozen=True)
class Remote:
    """Delays as the asker sees them; `cpu_ms` is the service's processor time for an answer, without PostgreSQL's."""

    name: str
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float


async def measure_remote(platform: Platform) -> list[Remote]:
    """For HTTP and for NATS a row for one asker, and one for several at once."""
    bodies = [_body(request) for request in platform.questions(ASKED, repeated=True)]
    gc.collect()
    gc.freeze()  # the world is in this process too, and a look through it would be timed as the service's delay
    rows: list[Remote] = []
    async with running_service(platform.world) as server:
        with on_core(CLIENT_CORE):
            for name, opened in (("http", over_http), ("nats", over_nats)):
                async with asyncio.timeout(_LOAD_SECONDS), opened(server) as ask:
                    await _ask(ask, bodies[:WARM_UP])
                rows += [await _measure(f"{name}-{n}", server, opened, bodies, n) for n in (1, AT_ONCE)]
    return rows


async def _measure(name: str, server: AuthzServer, opened: Opened, bodies: Sequence[Question], at_once: int) -> Remote:
    async with AsyncExitStack() as stack:
        asks = [await stack.enter_async_context(opened(server)) for _ in range(at_once)]
        used, began = cpu_seconds(server.pid), time.perf_counter()
        asked = await asyncio.gather(*(_ask(ask, bodies[n::at_once]) for n, ask in enumerate(asks)))
        took, used = time.perf_counter() - began, cpu_seconds(server.pid) - used
    delays = sorted(delay for part in asked for delay in part)
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    return Remote(name, len(delays) / took, p50 * 1000, p99 * 1000, used / len(delays) * 1000)


async def _ask(ask: Ask, bodies: Sequence[Question]) -> list[float]:
    """Seconds of each."""
    delays = []
    for body in bodies:
        began = time.perf_counter()
        await ask(body)
        delays.append(time.perf_counter() - began)
    return delays


def _body(request: Request) -> Question:
    actor, place = request.actor, request.place
    return {
        "actor": {"id": actor.id, "kind": actor.kind.value, "groups": actor.groups},
        "verb": request.verb,
        "api_group": request.api_group,
        "resource": request.resource,
        "subresource": request.subresource,
        "name": request.name,
        "place": {"cluster_id": place.cluster_id, "project_id": place.project_id, "namespace": place.namespace},
    }
