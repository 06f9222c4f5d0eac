"""The work process: relay, subscriptions, and the loop. Many replicas may run."""

from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import structlog

from brb_api_gateway.authorization.authz import Authz
from brb_api_gateway.authorization.gate import open_authz
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
from brb_shared.worker import Worker, open_broker

log = structlog.get_logger()


async def run_work(settings: Settings, openstack: OpenStack | None = None, authz: Authz | None = None) -> None:
    """Run until cancelled. `openstack`, `authz`: given by tests."""
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(open_container(settings, openstack))
        broker = await stack.enter_async_context(open_broker(settings, Service.API_GATEWAY))
        client = httpx.AsyncClient(timeout=settings.webhook_timeout_seconds, follow_redirects=False)
        await stack.enter_async_context(client)
        log.info("Working", concurrency=settings.hub_concurrency)
        worker = Worker(settings, Service.API_GATEWAY, container.database, broker)
        await _run(container, worker, client, authz or await open_authz(settings, stack))


async def _run(container: Container, worker: Worker, client: httpx.AsyncClient, authz: Authz) -> None:
    housekeeping = Housekeeping(container.database, container.settings, container.credentials)
    await housekeeping.begin()
    reconciler = _reconciler(container, housekeeping, client, authz)
    await worker.run(
        worker.relay(GatewayOutbox, Resync(container.database, container.outbox)),
        worker.loop(Work, reconciler, concurrency=container.settings.hub_concurrency),
        *Messages(container.database).subscriptions(worker.broker),
    )


def _reconciler(
    container: Container, housekeeping: Housekeeping, client: httpx.AsyncClient, authz: Authz
) -> GatewayReconciler:
    database = container.database
    schedule = [timedelta(seconds=seconds) for seconds in container.settings.webhook_retry_seconds]
    removal = CredentialRemoval(database, container.clouds, container.openstack, container.sessions)
    return GatewayReconciler(
        ClusterController(database, container.outbox, removal, container.settings.stages, authz),
        removal,
        Deliverer(database, container.keyring, container.targets, client, schedule),
        housekeeping,
    )
