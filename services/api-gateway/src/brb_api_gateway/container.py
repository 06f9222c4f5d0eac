"""What both processes are made of, wired once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from brb_api_gateway.clouds.registry import CloudRegistry
from brb_api_gateway.clouds.service import ChoiceService
from brb_api_gateway.clouds.versions import Versions
from brb_api_gateway.credentials.service import CredentialService
from brb_api_gateway.database import SCHEMA, GatewayOutbox
from brb_api_gateway.openstack.cloud import OpenStack
from brb_api_gateway.openstack.sdk_cloud import SdkOpenStack
from brb_api_gateway.sessions.service import SessionService
from brb_api_gateway.settings import Settings
from brb_api_gateway.tokens.lookup import TokenLookup
from brb_api_gateway.webhooks.target import TargetPolicy
from brb_shared.clouds import load_clouds
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from brb_shared.messaging import Outbox
from brb_shared.secrets import Keyring
from brb_shared.settings import required


@dataclass(frozen=True)
class Container:
    settings: Settings
    database: Database
    outbox: Outbox
    keyring: Keyring
    clouds: CloudRegistry
    openstack: OpenStack
    sessions: SessionService
    choices: ChoiceService
    credentials: CredentialService
    targets: TargetPolicy
    issuers: TargetPolicy


@asynccontextmanager
async def open_container(settings: Settings, openstack: OpenStack | None = None) -> AsyncIterator[Container]:
    """`openstack`: a fake, in tests. Raises ValueError that names the setting which is missing or wrong."""
    keyring_file = required(settings.keyring_file, "keyring_file", Service.API_GATEWAY)
    clouds_file = required(settings.clouds_file, "clouds_file", Service.API_GATEWAY)
    keyring = await asyncio.to_thread(Keyring.load, keyring_file)
    clouds = CloudRegistry(await asyncio.to_thread(load_clouds, clouds_file))
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    own = SdkOpenStack(threads=settings.openstack_threads, timeout_seconds=settings.openstack_timeout_seconds)
    try:
        yield _wire(settings, database, keyring, clouds, openstack or own)
    finally:
        await own.close()
        await database.dispose()


def _wire(
    settings: Settings, database: Database, keyring: Keyring, clouds: CloudRegistry, openstack: OpenStack
) -> Container:
    versions = Versions(settings.kubernetes_versions, settings.kubernetes_versions_unsupported)
    tokens = TokenLookup(database, clouds, openstack, keyring)
    sessions = SessionService(database, keyring, timedelta(hours=settings.session_hours), tokens)
    return Container(
        settings=settings,
        database=database,
        outbox=Outbox(GatewayOutbox, Service.API_GATEWAY),
        keyring=keyring,
        clouds=clouds,
        openstack=openstack,
        sessions=sessions,
        choices=ChoiceService(clouds, openstack, sessions, versions),
        credentials=CredentialService(database, clouds, openstack, sessions, keyring),
        targets=TargetPolicy(settings.webhook_allowed_networks),
        issuers=TargetPolicy(settings.oidc_allowed_networks),
    )
