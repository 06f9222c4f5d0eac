"""The HTTP application: the public API under /v1, the workers' route under /internal/v1."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
from fastapi import FastAPI

from brb_api_gateway.authorization import endpoints as access
from brb_api_gateway.authorization.authz import Decisions
from brb_api_gateway.authorization.gate import Gate, open_gate
from brb_api_gateway.certificates import endpoints as certificates
from brb_api_gateway.clouds import endpoints as clouds
from brb_api_gateway.clusters import endpoints as clusters
from brb_api_gateway.clusters import internal, subresources, watch
from brb_api_gateway.clusters.feed import Feed
from brb_api_gateway.clusters.installer import InstallerClient
from brb_api_gateway.clusters.listing import ClusterLists
from brb_api_gateway.clusters.resolution import Resolution
from brb_api_gateway.clusters.service import ClusterService
from brb_api_gateway.container import Container, open_container
from brb_api_gateway.credentials import endpoints as credentials
from brb_api_gateway.dns import endpoints as dns
from brb_api_gateway.dns.client import DnsClient
from brb_api_gateway.errors import DATABASE_DOWN, on_database_down
from brb_api_gateway.identities import endpoints as identities
from brb_api_gateway.identities.break_glass import BreakGlass
from brb_api_gateway.identities.providers import IdentityProviderService
from brb_api_gateway.identities.standing import StandingProviders
from brb_api_gateway.identities.users import UserService
from brb_api_gateway.oidc.client import OidcClient
from brb_api_gateway.oidc.http import IssuerHttp, open_client
from brb_api_gateway.openstack.cloud import OpenStack
from brb_api_gateway.sessions import endpoints as sessions
from brb_api_gateway.sessions.cloud_project import CloudProjects
from brb_api_gateway.sessions.keystone import KeystoneSignIn
from brb_api_gateway.sessions.methods import SignInMethods
from brb_api_gateway.settings import Settings
from brb_api_gateway.sign_ins import endpoints as sign_ins
from brb_api_gateway.sign_ins.service import SignIns
from brb_api_gateway.tokens import endpoints as tokens
from brb_api_gateway.tokens.service import TokenService
from brb_api_gateway.webhooks import endpoints as webhooks
from brb_api_gateway.webhooks.service import WebhookService
from brb_shared.contracts.registry import Service
from brb_shared.http import ServiceKey, ServiceVerifier, create_app
from brb_shared.http.audit import AuditTrail
from brb_shared.settings import required
from brb_shared.worker import run_beside

VERSION = "1.0.0"
ROUTERS = (
    sessions.router,
    sign_ins.router,
    identities.router,
    tokens.router,
    clouds.router,
    credentials.router,
    credentials.internal,
    clusters.router,
    internal.router,
    subresources.router,
    watch.router,
    access.router,
    dns.router,
    certificates.router,
    webhooks.router,
)
DESCRIPTION = """Kubernetes as a service on OpenStack.

Sign in at `POST /v1/sessions`, then send `Authorization: Bearer <token>`. A plain `POST /v1/clusters {"name": "x"}`
makes a cluster. Errors are RFC 9457 problems with `code`, `errors` (JSON pointers), `user_fixable` and `request_id`."""

_INSTALLER_SECONDS = 60.0
_DNS_SECONDS = 10.0


def make_app(settings: Settings, openstack: OpenStack | None = None, gate: Gate | None = None) -> FastAPI:
    """`openstack`, `gate`: given by tests."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            container = await stack.enter_async_context(open_container(settings, openstack))
            await _provide(app, container, gate or await open_gate(settings, stack), stack)
            yield

    async def readiness() -> dict[str, bool]:
        container: Container = app.state.container
        decisions: Decisions = app.state.decisions
        return {"database": await container.database.is_up(), "access": decisions.is_current}

    app = create_app(
        title="Big Red Button",
        service=Service.API_GATEWAY,
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


async def _provide(app: FastAPI, container: Container, gate: Gate, stack: AsyncExitStack) -> None:
    """What the endpoints take from `app.state`."""
    settings, database = container.settings, container.database
    key_file = required(settings.service_key_file, "service_key_file", Service.API_GATEWAY)
    keys_file = required(settings.service_public_keys_file, "service_public_keys_file", Service.API_GATEWAY)
    client = httpx.AsyncClient(base_url=settings.installer_url, timeout=_INSTALLER_SECONDS)
    app.state.container = container
    app.state.audit_trail = AuditTrail(database, container.outbox, Service.API_GATEWAY)
    app.state.decisions, app.state.authz = gate.decisions, gate.authz
    app.state.sessions, app.state.choices = container.sessions, container.choices
    keystone = KeystoneSignIn(container.clouds, container.openstack, container.sessions)
    break_glass = BreakGlass(database, container.sessions, enabled=settings.break_glass)
    app.state.sign_ins = SignIns(
        database, container.keyring, _open_oidc(container, stack), container.sessions, app.state.audit_trail
    )
    app.state.sign_in_methods = SignInMethods(keystone, app.state.sign_ins, break_glass)
    app.state.cloud_projects = CloudProjects(database, container.clouds, keystone, container.sessions)
    app.state.credentials = container.credentials
    app.state.users = UserService(database, container.credentials, gate.authz)
    app.state.identity_providers = IdentityProviderService(
        database,
        container.keyring,
        container.credentials,
        StandingProviders(container.clouds, break_glass=settings.break_glass),
        container.issuers,
        allow_http=settings.oidc_allow_http,
    )
    app.state.tokens = TokenService(database, container.credentials)
    app.state.clusters = ClusterService(
        database,
        container.outbox,
        Resolution(container.choices, container.credentials),
        container.credentials,
        settings.stages,
        gate.authz,
        gate.decisions,
    )
    app.state.cluster_lists = ClusterLists(database)
    key = await asyncio.to_thread(ServiceKey.load, key_file, Service.API_GATEWAY)
    app.state.installer = InstallerClient(client, key)
    app.state.dns = DnsClient(_open_dns(settings, stack), key)
    app.state.verifier = await asyncio.to_thread(ServiceVerifier.load, keys_file, Service.API_GATEWAY)
    app.state.webhooks = WebhookService(database, container.keyring, container.targets)
    app.state.feed = Feed(database, timedelta(minutes=settings.watch_history_minutes), gate.decisions)
    stack.push_async_callback(client.aclose)
    run_beside(stack, app.state.feed.run(), "feed")


def _open_oidc(container: Container, stack: AsyncExitStack) -> OidcClient:
    settings = container.settings
    client = open_client()
    stack.push_async_callback(client.aclose)
    redirect_uri = settings.public_url.rstrip("/") + sign_ins.PATH
    return OidcClient(IssuerHttp(client, container.issuers, allow_http=settings.oidc_allow_http), redirect_uri)


def _open_dns(settings: Settings, stack: AsyncExitStack) -> httpx.AsyncClient | None:
    if not settings.dns_url:
        return None
    client = httpx.AsyncClient(base_url=settings.dns_url, timeout=_DNS_SECONDS)
    stack.push_async_callback(client.aclose)
    return client


def bare_app() -> FastAPI:
    """The application with its routes and nothing behind them: for documents and tests of the routes."""

    async def readiness() -> dict[str, bool]:
        return {}

    return create_app(
        title="Big Red Button",
        service=Service.API_GATEWAY,
        version=VERSION,
        description=DESCRIPTION,
        routers=ROUTERS,
        readiness=readiness,
    )
