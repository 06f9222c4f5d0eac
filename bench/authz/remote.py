"""Questions to the authz service over HTTP, one after the other and several at once, on kept connections."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from bench.authz.service import AuthzServer, running_service
from bench.authz.worlds import Platform
from bench.dns.processes import cpu_seconds
from brb_shared.access.model import Request
from brb_shared.contracts.registry import Service

ASKED, AT_ONCE = 1000, 8
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
    questions = platform.questions(ASKED, repeated=True)
    async with running_service(platform.world) as server, _client(server) as client:
        await _ask(client, server, questions[:100])
        return [
            await _measure("http-1", client, server, [questions]),
            await _measure(f"http-{AT_ONCE}", client, server, [questions[n::AT_ONCE] for n in range(AT_ONCE)]),
        ]


def _client(server: AuthzServer) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", timeout=_LOAD_SECONDS)


async def _measure(name: str, client: httpx.AsyncClient, server: AuthzServer, parts: list[list[Request]]) -> Remote:
    used, began = cpu_seconds(server.pid), time.perf_counter()
    asked = await asyncio.gather(*(_ask(client, server, part) for part in parts))
    delays = sorted(delay for part in asked for delay in part)
    took, used = time.perf_counter() - began, cpu_seconds(server.pid) - used
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    return Remote(name, len(delays) / took, p50 * 1000, p99 * 1000, used / len(delays) * 1000)


async def _ask(client: httpx.AsyncClient, server: AuthzServer, questions: Sequence[Request]) -> list[float]:
    """Seconds of each."""
    delays = []
    for request in questions:
        body, headers = _body(request), server.key.headers(Service.AUTHZ)
        began = time.perf_counter()
        answer = await client.post("/internal/v1/access-reviews", json=body, headers=headers)
        delays.append(time.perf_counter() - began)
        answer.raise_for_status()
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
