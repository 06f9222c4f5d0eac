"""The `work` process of a service: its database and broker opened, its parts run side by side until cancelled.

    async with open_worker(settings, ME, SCHEMA) as worker:
        await worker.run(
            worker.relay(OutboxRow, repository.resync),
            worker.subscription(KIND, messages.on_kind),
            worker.loop(WorkRow, reconciler, concurrency=settings.loop_concurrency),
        )

A part is anything with `async run() -> None` that goes on until it is cancelled and heals by itself; one that ends with
an error ends the process, which its supervisor starts again.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from brb_shared.contracts.registry import Kind, Service
from brb_shared.database import Database
from brb_shared.messaging import Broker, NatsSettings, OutboxRow, Relay, Subscription
from brb_shared.messaging.relay import Resync
from brb_shared.messaging.subscription import Handler
from brb_shared.reconcile import Loop, Reconciler, WorkRow
from brb_shared.settings import ServiceSettings

_POOL_SIZE = 20
_CANCEL_AGAIN_SECONDS = 1.0
_PASS_TIMEOUT = timedelta(seconds=60)


class Part(Protocol):
    async def run(self) -> None:
        """Run until cancelled."""
        ...


@dataclass(frozen=True)
class Worker:
    """What every part of a `work` process is built on, and the makers of the usual parts."""

    settings: ServiceSettings
    service: Service
    database: Database
    broker: Broker

    def relay(self, model: type[OutboxRow], resync: Resync) -> Relay:
        return Relay(self.database, model, self.broker, resync)

    def subscription(self, kind: Kind, handler: Handler) -> Subscription:
        return Subscription(self.broker, kind, self.service, handler)

    def loop(
        self,
        model: type[WorkRow],
        reconciler: Reconciler,
        *,
        concurrency: int,
        pass_timeout: timedelta = _PASS_TIMEOUT,
    ) -> Loop:
        replica = self.settings.replica
        return Loop(
            self.database, model, reconciler, concurrency=concurrency, pass_timeout=pass_timeout, replica=replica
        )

    async def run(self, *parts: Part) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part.run())


@asynccontextmanager
async def open_worker(settings: ServiceSettings, service: Service, schema: str) -> AsyncIterator[Worker]:
    """A worker with a database of its own and a connected broker; both are closed at the end."""
    database = Database(settings.database_url.get_secret_value(), schema, pool_size=_POOL_SIZE)
    try:
        async with open_broker(settings, service) as broker:
            yield Worker(settings, service, database, broker)
    finally:
        await database.dispose()


@asynccontextmanager
async def open_broker(settings: ServiceSettings, service: Service) -> AsyncIterator[Broker]:
    """Connected as `service`; the connection heals by itself until the end."""
    broker = Broker(NatsSettings(url=settings.nats_url, nkey_seed_file=settings.service_key_file), service)
    await broker.connect()
    try:
        yield broker
    finally:
        await broker.close()


def run_beside(stack: AsyncExitStack, coroutine: Coroutine[Any, Any, None], name: str) -> None:
    """Run it beside the HTTP API until the stack closes. For what goes on until it is cancelled and heals by itself."""
    task = asyncio.create_task(coroutine, name=name)

    async def stop() -> None:
        while not task.done():  # a library may swallow the first cancellation
            task.cancel()
            await asyncio.wait([task], timeout=_CANCEL_AGAIN_SECONDS)

    stack.push_async_callback(stop)
