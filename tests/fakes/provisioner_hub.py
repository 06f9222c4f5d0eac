"""The api-gateway's side of the provisioner's messages, over real NATS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.infrastructure import InfrastructureDesired, InfrastructureObserved
from brb_shared.contracts.registry import INFRASTRUCTURE_DESIRED, INFRASTRUCTURE_OBSERVED, Service
from brb_shared.messaging import Broker, NatsSettings, Subscription

Seen = Callable[[InfrastructureObserved], bool]


class Hub:
    """Sends desired states and keeps the newest observed one, as the api-gateway does."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._changed = asyncio.Condition()
        self.revisions: list[int] = []
        self.observed: InfrastructureObserved | None = None

    async def send(self, wanted: InfrastructureDesired, revision: int) -> None:
        envelope = Envelope[InfrastructureDesired](
            source="/brb/api-gateway",
            type=INFRASTRUCTURE_DESIRED.type,
            subject=wanted.cluster_id,
            generation=wanted.generation,
            revision=revision,
            data=wanted,
        )
        subject = INFRASTRUCTURE_DESIRED.subject(wanted.cluster_id)
        await self._broker.publish(subject, envelope.model_dump_json().encode(), envelope.id)

    async def on_observed(self, envelope: Envelope[Any]) -> None:
        async with self._changed:
            self.revisions.append(envelope.revision)
            self.observed = envelope.data
            self._changed.notify_all()

    async def until(self, seen: Seen, *, seconds: float = 30) -> InfrastructureObserved:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self.observed is not None and seen(self.observed))
        assert self.observed is not None
        return self.observed


@asynccontextmanager
async def running(work: Any) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    yield
    while not task.done():  # a library may swallow the first cancellation
        task.cancel()
        await asyncio.wait([task], timeout=2)


@asynccontextmanager
async def connected_hub(nats_url: str) -> AsyncIterator[Hub]:
    broker = Broker(NatsSettings(url=nats_url), name="hub")
    await broker.connect()
    await broker.ensure_streams()
    hub = Hub(broker)
    subscription = Subscription(broker, INFRASTRUCTURE_OBSERVED, Service.API_GATEWAY, hub.on_observed)
    async with running(subscription.run()):
        yield hub
    await broker.close()
