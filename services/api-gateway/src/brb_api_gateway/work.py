"""The work process: relay, subscriptions, and the loop. Many replicas may run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import structlog

from brb_api_gateway.clusters.controller import ClusterController
from brb_api_gateway.clusters.messages import Messages
from brb_api_gateway.clusters.resync import Resync
from brb_api_gateway.container import Container, open_container
from brb_api_gateway.credentials.removal import CredentialRemoval
from brb_api_gateway.database import GatewayOutbox, Work
from brb_api_gateway.housekeeping import Housekeeping
from brb_api_gateway.openstack.cloud import OpenStack
from brb_api_gateway.reconciler import GatewayReconciler
from brb_api_gateway.settings import Settings
from brb_api_gateway.webhooks.delivery import Deliverer
from brb_shared.contracts.registry import Service
from brb_shared.messaging import Broker, NatsSettings, Relay
from brb_shared.reconcile import Loop

log = structlog.get_logger()


async def run_work(settings: Settings, openstack: OpenStack | None = None) -> None:
    """Run until cancelled."""
    async with open_container(settings, openstack) as container, _broker(settings) as broker:
        log.info("Working", concurrency=settings.hub_concurrency)
        async with httpx.AsyncClient(timeout=settings.webhook_timeout_seconds, follow_redirects=False) as client:
            await _run(container, broker, client)


async def _run(container: Container, broker: Broker, client: httpx.AsyncClient) -> None:
    database, outbox = container.database, container.outbox
    housekeeping = Housekeeping(database, container.settings)
    await housekeeping.begin()
    loop = Loop(
        database,
        Work,
        _reconciler(container, housekeeping, client),
        concurrency=container.settings.hub_concurrency,
        replica=container.settings.replica,
    )
    relay = Relay(database, GatewayOutbox, broker, Resync(database, outbox))
    async with asyncio.TaskGroup() as group:
        group.create_task(relay.run())
        group.create_task(loop.run())
        for subscription in Messages(database).subscriptions(broker):
            group.create_task(subscription.run())


def _reconciler(container: Container, housekeeping: Housekeeping, client: httpx.AsyncClient) -> GatewayReconciler:
    database = container.database
    schedule = [timedelta(seconds=seconds) for seconds in container.settings.webhook_retry_seconds]
    removal = CredentialRemoval(database, container.clouds, container.openstack, container.sessions)
    return GatewayReconciler(
        ClusterController(database, container.outbox, removal),
        removal,
        Deliverer(database, container.keyring, container.targets, client, schedule),
        housekeeping,
    )


@asynccontextmanager
async def _broker(settings: Settings) -> AsyncIterator[Broker]:
    broker = Broker(NatsSettings(url=settings.nats_url, nkey_seed_file=settings.service_key_file), Service.API_GATEWAY)
    await broker.connect()
    try:
        yield broker
    finally:
        await broker.close()
