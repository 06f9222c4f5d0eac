"""Puts `serve` and `work` together: settings are read here, once, and everything else is given what it needs.

`answer.py` does it for the processes that answer queries.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from brb_dns.certificates import endpoints as certificates
from brb_dns.certificates.parts import certificate_loop, provide_certificates
from brb_dns.endpoints import router
from brb_dns.errors import DnsError
from brb_dns.keys.model import ALGORITHM, Rights
from brb_dns.keys.service import Keys
from brb_dns.messages import DesiredNames
from brb_dns.models import SCHEMA, AuditOutbox, Outbox, Revision, Work
from brb_dns.reconcile import DnsReconciler
from brb_dns.records.service import Records
from brb_dns.repository import Repository
from brb_dns.settings import DnsSettings
from brb_dns.updates.messages import SignedAnswers
from brb_dns.updates.refusals import RefusedSignatures
from brb_dns.updates.transfer import Transfers
from brb_dns.updates.update import Updates
from brb_shared.contracts.registry import DNS_DESIRED, ZONE_CHANGED, Service
from brb_shared.database import Database, run_migrations
from brb_shared.http import FieldError, Problem, ServiceVerifier, create_app
from brb_shared.http.audit import AuditTrail, recorder_of
from brb_shared.http.problems import problem_response
from brb_shared.messaging import Outbox as OutboxWriter
from brb_shared.messaging.changes import Pulse
from brb_shared.observability import configure_logging
from brb_shared.secrets import Keyring
from brb_shared.settings import required
from brb_shared.worker import Worker, open_worker, run_beside

_ME = Service.DNS


def load_settings() -> DnsSettings:
    settings = DnsSettings()
    configure_logging(_ME, settings.log_level, json=settings.log_json)
    return settings


async def migrate(settings: DnsSettings) -> None:
    await run_migrations(settings.database_url.get_secret_value(), "brb_dns:migrations", SCHEMA)


async def work(settings: DnsSettings) -> None:
    """Relay, beat, subscription and loop, until cancelled."""
    async with open_worker(settings, _ME, SCHEMA) as worker:
        await run_work(settings, worker)


async def run_work(settings: DnsSettings, worker: Worker) -> None:
    repository = Repository(worker.database)
    reconciler = DnsReconciler(repository, settings.limits, settings.allowed_networks)
    async with certificate_loop(settings, worker) as certificate_part:
        await worker.run(
            worker.relay(Outbox, repository.resync),
            worker.relay(AuditOutbox, _nothing_to_resync),
            worker.subscription(DNS_DESIRED, DesiredNames(repository).on_desired),
            worker.loop(Work, reconciler, concurrency=settings.loop_concurrency),
            certificate_part,
            Pulse(worker.database, Revision, ZONE_CHANGED, worker.broker),
        )


async def _nothing_to_resync() -> None:
    """An entry is kept by NATS until authz has it, and told once."""


async def make_transfer_key(settings: DnsSettings) -> str:
    """A key that may transfer all records, as a key statement of BIND, NSD's and Knot's tools understand."""
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    try:
        rights = Rights((), (), may_transfer=True)
        key, secret = await _keys(settings, database, _keyring(settings)).create(None, rights, description="secondary")
    finally:
        await database.dispose()
    return f'key "{key.id}" {{\n    algorithm {ALGORITHM};\n    secret "{secret}";\n}};\n'


def build_app(settings: DnsSettings) -> FastAPI:
    """The HTTP API; it answers while work runs in another process."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            _provide(app, settings, stack)
            provide_certificates(app, settings, stack)
            yield

    async def readiness() -> dict[str, bool]:
        return {"database": await app.state.database.is_up()}

    app = create_app(
        title="Big Red Button: dns",
        service=_ME,
        version="0.1.0",
        description="Internal API of the service that keeps the records of the self-hosted zone",
        routers=[router, certificates.router],
        readiness=readiness,
        lifespan=lifespan,
        audit=lambda: app.state.audit_trail,
    )
    app.add_exception_handler(DnsError, _on_dns_error)
    return app


def _provide(app: FastAPI, settings: DnsSettings, stack: AsyncExitStack) -> None:
    """What the endpoints take from `app.state`."""
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    stack.push_async_callback(database.dispose)
    networks, limits = settings.allowed_networks, settings.limits
    keyring = _keyring(settings)
    keys = _keys(settings, database, keyring)
    records = Records(database, limits, networks)
    app.state.database, app.state.records, app.state.keys = database, records, keys
    app.state.keyring = keyring
    app.state.zone_config = settings.zone_config
    trail = app.state.audit_trail = AuditTrail(database, OutboxWriter(AuditOutbox, _ME), _ME)
    refusals = RefusedSignatures(trail)
    run_beside(stack, refusals.run(), "refused signatures")
    app.state.signed = SignedAnswers(
        keys, refusals, Updates(database, limits, networks), Transfers(records, settings.zone_config)
    )
    public_keys = required(settings.service_public_keys_file, "service_public_keys_file", _ME)
    app.state.verifier = ServiceVerifier.load(public_keys, _ME)


def _keyring(settings: DnsSettings) -> Keyring:
    return Keyring.load(required(settings.keyring_file, "keyring_file", _ME))


def _keys(settings: DnsSettings, database: Database, keyring: Keyring) -> Keys:
    return Keys(database, keyring, settings.dns_zone, settings.allowed_networks, settings.dns_keys_per_tenant)


async def _on_dns_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DnsError)
    recorder_of(request).message = error.message
    fields = [FieldError(pointer=f"/{error.field}", detail=error.message)] if error.field else []
    problem = Problem(error.status, error.code, error.message, errors=fields, user_fixable=True)
    return problem_response(request, problem)
