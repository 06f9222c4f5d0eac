"""The api-gateway's side of the installer's messages, over real NATS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesObserved
from brb_shared.contracts.registry import KUBERNETES_DESIRED, KUBERNETES_HAPPENED, KUBERNETES_OBSERVED, Service
from brb_shared.messaging import Broker, NatsSettings, Subscription

Seen = Callable[[KubernetesObserved], bool]


class KubernetesHub:
    """Sends desired states, keeps the newest observed one and the whole timeline."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._changed = asyncio.Condition()
        self.revisions: list[int] = []
        self.observed: KubernetesObserved | None = None
        self.timeline: list[Happened] = []

    async def send(self, wanted: KubernetesDesired, revision: int) -> None:
        envelope = Envelope[KubernetesDesired](
            source="/brb/api-gateway",
            type=KUBERNETES_DESIRED.type,
            subject=wanted.cluster_id,
            generation=wanted.generation,
            revision=revision,
            data=wanted,
        )
        subject = KUBERNETES_DESIRED.subject(wanted.cluster_id)
        await self._broker.publish(subject, envelope.model_dump_json().encode(), envelope.id)

    async def on_observed(self, envelope: Envelope[Any]) -> None:
        async with self._changed:
            self.revisions.append(envelope.revision)
            self.observed = envelope.data
            self._changed.notify_all()

    async def on_happened(self, envelope: Envelope[Any]) -> None:
        self.timeline.append(envelope.data)

    async def until(self, seen: Seen, *, seconds: float = 60) -> KubernetesObserved:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self.observed is not None and seen(self.observed))
        assert self.observed is not None
        return self.observed


@asynccontextmanager
async def running(*works: Any) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work) for work in works]
    yield
    while unfinished := [task for task in tasks if not task.done()]:  # a library may swallow the first cancellation
        for task in unfinished:
            task.cancel()
        await asyncio.wait(unfinished, timeout=2)


@asynccontextmanager
async def connected_kubernetes_hub(nats_url: str) -> AsyncIterator[KubernetesHub]:
    broker = Broker(NatsSettings(url=nats_url), name="hub")
    await broker.connect()
    await broker.ensure_streams()
    hub = KubernetesHub(broker)
    observed = Subscription(broker, KUBERNETES_OBSERVED, Service.API_GATEWAY, hub.on_observed)
    happened = Subscription(broker, KUBERNETES_HAPPENED, Service.API_GATEWAY, hub.on_happened)
    async with running(observed.run(), happened.run()):
        yield hub
    await broker.close()
