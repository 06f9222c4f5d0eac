"""Puts the service together: settings are read here, once, and everything else is given what it needs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI

from brb_provisioner.endpoints import router
from brb_provisioner.messages import DesiredInfrastructure
from brb_provisioner.models import SCHEMA, Outbox, Work
from brb_provisioner.openstack.clouds import SdkClouds
from brb_provisioner.probes import NoProbe, Probe, TcpProbe
from brb_provisioner.reconcile import ProvisionerReconciler
from brb_provisioner.repository import Repository
from brb_provisioner.settings import ProvisionerSettings
from brb_provisioner.steps.scope import Clouds, Equipment
from brb_shared.clouds import load_clouds
from brb_shared.contracts.registry import INFRASTRUCTURE_DESIRED, Service
from brb_shared.database import Database, run_migrations
from brb_shared.http import ServiceKey, ServiceVerifier, create_app
from brb_shared.http.audit import AuditTrail
from brb_shared.hub import HubClient
from brb_shared.messaging import Outbox as OutboxWriter
from brb_shared.observability import configure_logging
from brb_shared.secrets import Keyring
from brb_shared.settings import required
from brb_shared.worker import open_worker

_ME = Service.PROVISIONER


def load_settings() -> ProvisionerSettings:
    settings = ProvisionerSettings()
    configure_logging(_ME, settings.log_level, json=settings.log_json)
    return settings


async def migrate(settings: ProvisionerSettings) -> None:
    await run_migrations(settings.database_url.get_secret_value(), "brb_provisioner:migrations", SCHEMA)


async def work(settings: ProvisionerSettings) -> None:
    """Relay, subscription and loop, until cancelled."""
    async with AsyncExitStack() as stack:
        await run_work(settings, build_equipment(settings, open_clouds(settings, stack)))


async def run_work(settings: ProvisionerSettings, equipment: Equipment) -> None:
    """`work` with what it works on given: tests give a cloud of their own."""
    async with open_worker(settings, _ME, SCHEMA) as worker:
        repository = Repository(worker.database)
        reconciler = ProvisionerReconciler(repository, equipment)
        await worker.run(
            worker.relay(Outbox, repository.resync),
            worker.subscription(INFRASTRUCTURE_DESIRED, DesiredInfrastructure(repository).on_desired),
            worker.loop(Work, reconciler, concurrency=settings.loop_concurrency),
        )


def build_app(settings: ProvisionerSettings) -> FastAPI:
    """The HTTP API; it answers while work runs in another process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.database = _open_database(settings, stack)
            app.state.repository = Repository(app.state.database)
            app.state.audit_trail = AuditTrail(app.state.database, OutboxWriter(Outbox, _ME), _ME)
            keys = required(settings.service_public_keys_file, "service_public_keys_file", _ME)
            app.state.verifier = ServiceVerifier.load(keys, _ME)
            yield

    async def readiness() -> dict[str, bool]:
        return {"database": await app.state.database.is_up()}

    app = create_app(
        title="Big Red Button: provisioner",
        service=_ME,
        version="0.1.0",
        description="Internal API of the service that makes clusters' infrastructure",
        routers=[router],
        readiness=readiness,
        lifespan=lifespan,
        audit=lambda: app.state.audit_trail,
    )
    return app


def open_clouds(settings: ProvisionerSettings, stack: AsyncExitStack) -> SdkClouds:
    key = ServiceKey.load(required(settings.service_key_file, "service_key_file", _ME), _ME)
    hub = HubClient(settings.hub_url, key)
    clouds = SdkClouds(load_clouds(required(settings.clouds_file, "clouds_file", _ME)), hub, settings)
    stack.push_async_callback(hub.close)
    stack.push_async_callback(clouds.close)
    return clouds


def build_equipment(settings: ProvisionerSettings, clouds: Clouds) -> Equipment:
    probe: Probe = TcpProbe(settings.probe_timeout_seconds) if settings.probe_ssh else NoProbe()
    return Equipment(
        settings=settings,
        clouds=clouds,
        keyring=Keyring.load(required(settings.keyring_file, "keyring_file", _ME)),
        user_ca=required(settings.ssh_ca_public_key_file, "ssh_ca_public_key_file", _ME).read_text(),
        probe=probe,
        now=lambda: datetime.now(UTC),
    )


def _open_database(settings: ProvisionerSettings, stack: AsyncExitStack) -> Database:
    database = Database(settings.database_url.get_secret_value(), SCHEMA, pool_size=20)
    stack.push_async_callback(database.dispose)
    return database
