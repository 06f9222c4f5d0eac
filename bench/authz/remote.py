"""Questions to the authz service over HTTP, one after the other and several at once, on kept connections.

The service has a core of its own; client and PostgreSQL have the other one.
"""

import asyncio
import gc
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from bench.authz.connection import Connection
from bench.authz.service import CLIENT_CORE, AuthzServer, running_service
from bench.authz.worlds import Platform
from bench.dns.processes import cpu_seconds, on_core
from brb_shared.access.model import Request
from brb_shared.contracts.registry import Service

ASKED, WARM_UP, AT_ONCE = 3000, 300, 8
_PATH = "/internal/v1/access-reviews"
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
    """A row for one asker, and one for several at once."""
    bodies = [json.dumps(_body(request)).encode() for request in platform.questions(ASKED, repeated=True)]
    gc.collect()
    gc.freeze()  # the world is in this process too, and a look through it would be timed as the service's delay
    async with running_service(platform.world) as server:
        with on_core(CLIENT_CORE):
            async with asyncio.timeout(_LOAD_SECONDS):
                await _ask(server, bodies[:WARM_UP])
            one = await _measure("http-1", server, [bodies])
            return [one, await _measure(f"http-{AT_ONCE}", server, [bodies[n::AT_ONCE] for n in range(AT_ONCE)])]


async def _measure(name: str, server: AuthzServer, parts: list[list[bytes]]) -> Remote:
    used, began = cpu_seconds(server.pid), time.perf_counter()
    asked = await asyncio.gather(*(_ask(server, part) for part in parts))
    delays = sorted(delay for part in asked for delay in part)
    took, used = time.perf_counter() - began, cpu_seconds(server.pid) - used
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    return Remote(name, len(delays) / took, p50 * 1000, p99 * 1000, used / len(delays) * 1000)


async def _ask(server: AuthzServer, bodies: Sequence[bytes]) -> list[float]:
    """Seconds of each."""
    connection = await Connection.open(server.port)
    delays = []
    for body in bodies:
        began = time.perf_counter()
        status = await connection.post(_PATH, server.key.headers(Service.AUTHZ), body)
        delays.append(time.perf_counter() - began)
        assert status == HTTPStatus.OK, status
    connection.close()
    return delays


def _body(request: Request) -> dict[str, object]:
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
