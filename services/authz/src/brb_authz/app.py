"""Puts the service together: settings are read here, once, and everything else is given what it needs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from brb_authz.audit import endpoints as audit
from brb_authz.audit.messages import AuditMessages
from brb_authz.audit.service import AuditService
from brb_authz.authzen import endpoints as authzen
from brb_authz.bindings import endpoints as bindings
from brb_authz.bindings.service import BindingService
from brb_authz.changing import AccessWriter
from brb_authz.clusters import endpoints as clusters
from brb_authz.clusters.service import ClusterService
from brb_authz.decisions import endpoints as decisions
from brb_authz.decisions.calls import ReviewCalls
from brb_authz.decisions.service import DecisionService
from brb_authz.errors import DATABASE_DOWN, on_database_down
from brb_authz.materialise import endpoints as materialise
from brb_authz.materialise.reconcile import KIND as CLUSTER
from brb_authz.materialise.reconcile import ClusterReconciler, Hub
from brb_authz.materialise.service import MaterialisationService
from brb_authz.models import SCHEMA, AuditOutboxRow, OutboxRow, RevisionRow, WorkRow
from brb_authz.projects import endpoints as projects
from brb_authz.projects.namespaces import NamespaceService
from brb_authz.projects.service import ProjectService
from brb_authz.reconcile import HOUSEKEEPING, AuthzReconciler, Housekeeping
from brb_authz.roles import endpoints as roles
from brb_authz.roles.service import RoleService
from brb_authz.seed import seed
from brb_authz.settings import Settings
from brb_authz.subjects import endpoints as subjects
from brb_authz.subjects.service import DisabledSubjects
from brb_authz.world import CurrentWorld
from brb_shared.contracts.registry import ACCESS_CHANGED, AUDIT_KINDS, Service
from brb_shared.database import Database, run_migrations
from brb_shared.http import ServiceKey, ServiceVerifier, create_app
from brb_shared.http.audit import AuditTrail
from brb_shared.hub import HubClient
from brb_shared.kubernetes.client import ClusterClients
from brb_shared.messaging import Outbox
from brb_shared.messaging.changes import Pulse
from brb_shared.observability import configure_logging
from brb_shared.settings import required
from brb_shared.worker import open_worker, run_beside

_ME = Service.AUTHZ
VERSION = "1.0.0"
ROUTERS = (
    decisions.router,  # what is asked most is looked for first
    authzen.router,
    roles.router,
    bindings.router,
    projects.projects,
    projects.namespaces,
    authzen.metadata,
    clusters.router,
    materialise.router,
    subjects.router,
    audit.router,
)
DESCRIPTION = "Who may do what: roles, bindings, projects, decisions and the audit log. For the platform's services."


def load_settings() -> Settings:
    settings = Settings()
    configure_logging(_ME, settings.log_level, json=settings.log_json)
    return settings


async def migrate(settings: Settings) -> None:
    """The tables, the built-in roles and the first administrators."""
    await run_migrations(settings.database_url.get_secret_value(), "brb_authz:migrations", SCHEMA)
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    try:
        await seed(settings, database)
    finally:
        await database.dispose()


async def work(settings: Settings) -> None:
    """Relay, beat, the audit log's intake, access in the clusters and housekeeping, until cancelled."""
    async with AsyncExitStack() as stack:
        await run_work(settings, _open_hub(settings, stack))


async def run_work(settings: Settings, hub: Hub) -> None:
    """`work` with the hub given: tests give one of their own."""
    async with open_worker(settings, _ME, SCHEMA) as worker, AsyncExitStack() as stack:
        database, clients = worker.database, ClusterClients()
        stack.push_async_callback(clients.close)
        housekeeping = Housekeeping(database, settings)
        await housekeeping.begin()
        clusters = ClusterReconciler(database, hub, clients)
        reconciler = AuthzReconciler({HOUSEKEEPING: housekeeping, CLUSTER: clusters})
        await worker.run(
            worker.relay(OutboxRow, _nothing_to_resync),
            worker.relay(AuditOutboxRow, _nothing_to_resync),
            worker.loop(WorkRow, reconciler, concurrency=settings.concurrency),
            Pulse(database, RevisionRow, ACCESS_CHANGED, worker.broker),
            *(
                worker.subscription(kind, AuditMessages(database, service).on_audit)
                for service, kind in AUDIT_KINDS.items()
            ),
        )


def _open_hub(settings: Settings, stack: AsyncExitStack) -> HubClient:
    key = ServiceKey.load(required(settings.service_key_file, "service_key_file", _ME), _ME)
    hub = HubClient(settings.hub_url, key)
    stack.push_async_callback(hub.close)
    return hub


async def _nothing_to_resync() -> None:
    """Followers load the snapshot when they have missed something; they need no message for it."""


def build_app(settings: Settings) -> FastAPI:
    """The HTTP API, and reviews over NATS; HTTP answers while work runs in another process, and while NATS is away."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            database = Database(settings.database_url.get_secret_value(), SCHEMA, pool_size=20)
            stack.push_async_callback(database.dispose)
            keys = required(settings.service_public_keys_file, "service_public_keys_file", _ME)
            app.state.verifier = await asyncio.to_thread(ServiceVerifier.load, keys, _ME)
            provide(app, settings, database)
            stack.push_async_callback(app.state.world.close)
            calls = ReviewCalls(app.state.decisions, app.state.verifier, app.state.audit_trail)
            run_beside(stack, calls.run(settings), "access reviews over NATS")
            yield

    async def readiness() -> dict[str, bool]:
        return {"database": await app.state.database.is_up()}

    app = create_app(
        title="Big Red Button: authz",
        service=_ME,
        version=VERSION,
        description=DESCRIPTION,
        routers=ROUTERS,
        readiness=readiness,
        lifespan=lifespan,
        audit=lambda: app.state.audit_trail,
    )
    for kind in DATABASE_DOWN:
        app.add_exception_handler(kind, on_database_down)
    return app


def provide(app: FastAPI, settings: Settings, database: Database) -> None:
    """What the endpoints take from `app.state`."""
    world = CurrentWorld(database)
    writer = AccessWriter(database, world)
    trail = AuditTrail(database, Outbox(AuditOutboxRow, _ME), _ME)
    app.state.settings, app.state.database, app.state.world, app.state.audit_trail = settings, database, world, trail
    app.state.roles = RoleService(database, world, writer, trail)
    app.state.bindings = BindingService(database, world, writer, trail)
    app.state.projects = ProjectService(database, world, writer, trail)
    app.state.namespaces = NamespaceService(database, world, writer, trail)
    app.state.clusters = ClusterService(writer)
    app.state.disabled_subjects = DisabledSubjects(writer)
    app.state.decisions = DecisionService(world, settings.min_revision_wait_seconds)
    app.state.audit = AuditService(database, world)
    app.state.materialisations = MaterialisationService(database, settings.materialisation_wait_seconds)
