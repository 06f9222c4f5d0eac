"""The api-gateway's side of a worker's messages, over real NATS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Generic, TypeVar

from brb_shared.contracts import registry
from brb_shared.contracts.base import Contract
from brb_shared.contracts.desired import Desired
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.infrastructure import InfrastructureDesired, InfrastructureObserved
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesObserved
from brb_shared.contracts.registry import Kind, Service
from brb_shared.messaging import Broker, NatsSettings, Subscription

WantedT = TypeVar("WantedT", bound=Desired)
ObservedT = TypeVar("ObservedT", bound=Contract)


class Hub(Generic[WantedT, ObservedT]):
    """Sends desired states of one kind, keeps the newest observed one and the whole timeline."""

    def __init__(self, broker: Broker, desired: Kind) -> None:
        self._broker = broker
        self._desired = desired
        self._changed = asyncio.Condition()
        self.revisions: list[int] = []
        self.observed: ObservedT | None = None
        self.timeline: list[Happened] = []

    async def send(self, wanted: WantedT, revision: int) -> None:
        envelope = Envelope[Desired](
            source="/brb/api-gateway",
            type=self._desired.type,
            subject=wanted.cluster_id,
            generation=wanted.generation,
            revision=revision,
            data=wanted,
        )
        body = envelope.model_dump_json(serialize_as_any=True)
        await self._broker.publish(self._desired.subject(wanted.cluster_id), body.encode(), envelope.id)

    async def on_observed(self, envelope: Envelope[Any]) -> None:
        async with self._changed:
            self.revisions.append(envelope.revision)
            self.observed = envelope.data
            self._changed.notify_all()

    async def on_happened(self, envelope: Envelope[Any]) -> None:
        self.timeline.append(envelope.data)

    async def until(self, seen: Callable[[ObservedT], bool], *, seconds: float = 60) -> ObservedT:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self.observed is not None and seen(self.observed))
        assert self.observed is not None
        return self.observed


InfrastructureHub = Hub[InfrastructureDesired, InfrastructureObserved]
KubernetesHub = Hub[KubernetesDesired, KubernetesObserved]


def infrastructure_hub(nats_url: str) -> AbstractAsyncContextManager[InfrastructureHub]:
    """The hub as the provisioner knows it."""
    return connected(
        nats_url,
        registry.INFRASTRUCTURE_DESIRED,
        registry.INFRASTRUCTURE_OBSERVED,
        registry.INFRASTRUCTURE_HAPPENED,
    )


def kubernetes_hub(nats_url: str) -> AbstractAsyncContextManager[KubernetesHub]:
    """The hub as the installer knows it."""
    return connected(nats_url, registry.KUBERNETES_DESIRED, registry.KUBERNETES_OBSERVED, registry.KUBERNETES_HAPPENED)


@asynccontextmanager
async def connected(nats_url: str, desired: Kind, observed: Kind, happened: Kind) -> AsyncIterator[Hub[Any, Any]]:
    broker = Broker(NatsSettings(url=nats_url), name="hub")
    await broker.connect()
    await broker.ensure_streams()
    hub = Hub[Any, Any](broker, desired)
    states = Subscription(broker, observed, Service.API_GATEWAY, hub.on_observed)
    timeline = Subscription(broker, happened, Service.API_GATEWAY, hub.on_happened)
    async with running(states.run(), timeline.run()):
        yield hub
    await broker.close()


@asynccontextmanager
async def running(*works: Any) -> AsyncIterator[None]:
    """The coroutines run beside the caller, and are ended with it."""
    tasks = [asyncio.ensure_future(work) for work in works]
    yield
    while unfinished := [task for task in tasks if not task.done()]:  # a library may swallow the first cancellation
        for task in unfinished:
            task.cancel()
        await asyncio.wait(unfinished, timeout=2)
