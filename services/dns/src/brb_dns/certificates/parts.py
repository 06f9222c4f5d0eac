"""Puts the certificates together: what `work` runs, and what `serve` takes them from."""

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI
from prometheus_client import REGISTRY

from brb_dns.certificates.acme_authority import AcmeAuthority
from brb_dns.certificates.acme_session import Connection
from brb_dns.certificates.answering import AnsweringServers, Server
from brb_dns.certificates.challenges import ZoneChallenges
from brb_dns.certificates.figures import CertificateFigures
from brb_dns.certificates.models import CertificateWork
from brb_dns.certificates.reconcile import CertificateReconciler
from brb_dns.certificates.repository import CertificateRepository
from brb_dns.certificates.scope import Equipment
from brb_dns.records.service import Records
from brb_dns.settings import DnsSettings
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from brb_shared.reconcile import Loop
from brb_shared.secrets import Keyring
from brb_shared.settings import required
from brb_shared.worker import Worker, run_beside

_NAME_SERVER_PORT = 53


@asynccontextmanager
async def certificate_loop(settings: DnsSettings, worker: Worker) -> AsyncIterator[Loop]:
    """The certificates' loop, one of the parts of `work`."""
    with ExitStack() as stack:
        authority = build_authority(settings)
        if authority is not None:
            stack.callback(authority.close)
        reconciler = CertificateReconciler(build_equipment(settings, worker.database, authority))
        yield worker.loop(CertificateWork, reconciler, concurrency=settings.acme_concurrency)


def build_authority(settings: DnsSettings) -> AcmeAuthority | None:
    """None: certificates are off."""
    if not settings.acme_directory_url:
        return None
    return AcmeAuthority(
        Connection(settings.acme_directory_url, settings.acme_timeout_seconds, settings.acme_ca_file),
        contact=settings.acme_contact,
        profile=settings.acme_profile,
        external_account_file=settings.acme_external_account_file,
        threads=settings.acme_threads,
    )


def build_equipment(settings: DnsSettings, database: Database, authority: AcmeAuthority | None) -> Equipment:
    records = Records(database, settings.limits, settings.allowed_networks)
    return Equipment(
        settings=settings,
        records=CertificateRepository(database),
        challenges=ZoneChallenges(records),
        answering=_answering(settings),
        keyring=Keyring.load(required(settings.keyring_file, "keyring_file", Service.DNS)),
        now=lambda: datetime.now(UTC),
        jitter=random.random,
        authority=authority,
    )


def _answering(settings: DnsSettings) -> AnsweringServers:
    """Raises ValueError if certificates are on and no server of the zone is known to look at."""
    servers = [Server.parse(text) for text in settings.acme_zone_servers]
    if not servers:
        addresses = [address for one in settings.dns_nameservers for address in one.addresses]
        servers = [Server(str(address), _NAME_SERVER_PORT) for address in addresses]
    if settings.acme_directory_url and not servers:
        raise ValueError(
            "Certificates need to look at the zone's servers: set BRB_ACME_ZONE_SERVERS, or BRB_DNS_NAMESERVERS with "
            "addresses"
        )
    resolver = Server.parse(settings.acme_parent_resolver) if settings.acme_parent_resolver else None
    return AnsweringServers(settings.dns_zone, servers, resolver)


def provide_certificates(app: FastAPI, settings: DnsSettings, stack: AsyncExitStack) -> None:
    """What the endpoints take from `app.state` beside database and keyring, and the metrics."""
    app.state.certificates = CertificateRepository(app.state.database)
    app.state.issues_certificates = bool(settings.acme_directory_url)
    figures = app.state.figures = CertificateFigures(app.state.certificates)
    REGISTRY.register(figures)
    stack.callback(REGISTRY.unregister, figures)
    run_beside(stack, figures.run(), "certificate figures")
