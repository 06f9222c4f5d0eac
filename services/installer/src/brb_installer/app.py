"""Puts the service together: settings are read here, once, and everything else is given what it needs."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI

from brb_installer.addons.manifests import HttpManifests
from brb_installer.endpoints import router
from brb_installer.issuing import KubeconfigIssuer
from brb_installer.kubernetes.api import KubernetesApis
from brb_installer.messages import Messages
from brb_installer.models import SCHEMA, OutboxRow, WorkRow
from brb_installer.reconcile import InstallerReconciler
from brb_installer.repository import publish_all
from brb_installer.settings import Settings
from brb_installer.sql_records import SqlRecords
from brb_installer.ssh.asyncssh_nodes import AsyncsshNodes, SshSettings
from brb_installer.ssh.certificates import UserCertificates
from brb_installer.tools import Tools
from brb_shared.clouds import load_clouds
from brb_shared.contracts.registry import KUBERNETES_DESIRED, Service
from brb_shared.database import Database, run_migrations
from brb_shared.http import ServiceKey, ServiceVerifier, create_app
from brb_shared.http.audit import AuditTrail
from brb_shared.hub import HubClient
from brb_shared.messaging import Outbox
from brb_shared.observability import configure_logging
from brb_shared.secrets import Keyring
from brb_shared.settings import required
from brb_shared.worker import open_worker

_ME = Service.INSTALLER


def load_settings() -> Settings:
    settings = Settings()
    configure_logging(_ME, settings.log_level, json=settings.log_json)
    # At DEBUG it would write whole answers of clusters into the log.
    logging.getLogger("kubernetes_asyncio").setLevel(logging.INFO)
    return settings


async def migrate(settings: Settings) -> None:
    await run_migrations(settings.database_url.get_secret_value(), "brb_installer:migrations", SCHEMA)


async def work(settings: Settings) -> None:
    """Relay, subscription and loop, until cancelled."""
    async with AsyncExitStack() as stack:
        await run_work(settings, build_tools(settings, stack))


async def run_work(settings: Settings, tools: Tools) -> None:
    """`work` with what it works on given: tests give machines of their own."""
    async with open_worker(settings, _ME, SCHEMA) as worker:
        database, outbox = worker.database, Outbox(OutboxRow, _ME)
        reconciler = InstallerReconciler(tools, partial(SqlRecords, database, outbox))
        await worker.run(
            worker.relay(OutboxRow, lambda: publish_all(database, outbox)),
            worker.subscription(KUBERNETES_DESIRED, Messages(database).on_kubernetes_desired),
            worker.loop(WorkRow, reconciler, concurrency=settings.concurrency),
        )


def build_app(settings: Settings, tools: Tools | None = None) -> FastAPI:
    """The HTTP API; it answers while work runs in another process. `tools`: given by tests."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.database = _open_database(settings, stack)
            app.state.audit_trail = AuditTrail(app.state.database, Outbox(OutboxRow, _ME), _ME)
            app.state.issuer = KubeconfigIssuer(app.state.database, tools or build_tools(settings, stack))
            keys = required(settings.service_public_keys_file, "service_public_keys_file", _ME)
            app.state.verifier = ServiceVerifier.load(keys, _ME)
            yield

    async def readiness() -> dict[str, bool]:
        return {"database": await app.state.database.is_up()}

    app = create_app(
        title="Big Red Button: installer",
        service=_ME,
        version="0.1.0",
        description="Internal API of the service that puts Kubernetes on machines",
        routers=[router],
        readiness=readiness,
        lifespan=lifespan,
        audit=lambda: app.state.audit_trail,
    )
    return app


def build_tools(settings: Settings, stack: AsyncExitStack) -> Tools:
    """Everything outside, opened when it is first used; closed with `stack`."""
    ca_key = required(settings.ssh_ca_key_file, "ssh_ca_key_file", _ME)
    nodes = AsyncsshNodes(_ssh_settings(settings), UserCertificates.load(ca_key))
    apis, manifests = KubernetesApis(), HttpManifests()
    service_key = ServiceKey.load(required(settings.service_key_file, "service_key_file", _ME), _ME)
    hub = HubClient(settings.hub_url, service_key)
    for close in (nodes.close, apis.close, manifests.close, hub.close):
        stack.push_async_callback(close)
    return Tools(
        settings=settings,
        nodes=nodes,
        apis=apis,
        keyring=Keyring.load(required(settings.keyring_file, "keyring_file", _ME)),
        credentials=hub,
        manifests=manifests,
        clouds=load_clouds(required(settings.clouds_file, "clouds_file", _ME)),
    )


def _open_database(settings: Settings, stack: AsyncExitStack) -> Database:
    database = Database(settings.database_url.get_secret_value(), SCHEMA, pool_size=20)
    stack.push_async_callback(database.dispose)
    return database


def _ssh_settings(settings: Settings) -> SshSettings:
    return SshSettings(
        user=settings.ssh_user,
        port=settings.ssh_port,
        connect_timeout_seconds=settings.ssh_connect_timeout_seconds,
        step_timeout_seconds=settings.step_timeout_seconds,
    )
