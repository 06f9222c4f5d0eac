"""`python -m brb_dns serve --zone web.example.org`: the server alone, without database and NATS."""

import argparse
import asyncio
import signal
import sys
from typing import Any

import structlog
from pydantic import ValidationError

from brb_dns.server.configuration import ConfigurationError, load_zones
from brb_dns.server.settings import ServerSettings
from brb_dns.server.supervisor import Supervisor
from brb_dns.zone.errors import ZoneError
from brb_shared.observability import configure_logging

log = structlog.get_logger()


def main(arguments: list[str]) -> int:
    """0: stopped in order; 1: could not start, said on standard error."""
    options = build_parser().parse_args(arguments)
    try:
        settings = ServerSettings(**_overrides(options))
        configure_logging("dns", settings.log_level, json=settings.log_json)
        asyncio.run(_serve(settings))
    except (ConfigurationError, ValidationError, ZoneError, ValueError, OSError, KeyError) as error:
        print(f"brb_dns: {error}", file=sys.stderr)
        return 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m brb_dns serve",
        description="Authoritative DNS server that answers <anything>.<ip>.<zone> with that ip. "
        "What is not given here comes from the environment, BRB_DNS_…",
    )
    add = parser.add_argument
    add("--zone", action="append", default=[], metavar="NAME", help="zone to serve; may be repeated")
    add("--network", action="append", default=[], metavar="CIDR", help="addresses that may be answered; repeatable")
    add("--nameserver", action="append", default=[], metavar="NAME[=ADDRESS]", help="server of the zones; repeatable")
    add("--hostmaster", default="", metavar="MAIL", help="who runs the zones")
    add("--listen", action="append", default=[], metavar="ADDRESS:PORT", help="UDP and TCP; may be repeated")
    add("--workers", type=int, metavar="N", help="processes; one a core is enough")
    add("--user", metavar="ACCOUNT", help="become this account once the ports are bound")
    add("--snapshot-file", metavar="FILE", help="explicit records, read at the start and on SIGHUP")
    add("--zones-file", metavar="FILE", help="zones as YAML, read again on SIGHUP; instead of --zone")
    add("--status-listen", metavar="ADDRESS:PORT", help="HTTP for /healthz, /readyz, /metrics; '' for none")
    add("--rate-limit", type=int, metavar="N", help="answers a second to one network by UDP; 0: no limit")
    return parser


def _overrides(options: argparse.Namespace) -> dict[str, Any]:
    given = {
        "zones": [_zone(name, options) for name in options.zone],
        "listen": options.listen,
        "workers": options.workers,
        "user": options.user,
        "snapshot_file": options.snapshot_file,
        "zones_file": options.zones_file,
        "status_listen": options.status_listen,
        "rate_limit_answers": options.rate_limit,
        "rate_limit_nodata": options.rate_limit,
    }
    return {name: value for name, value in given.items() if value not in (None, [])}


def _zone(name: str, options: argparse.Namespace) -> dict[str, Any]:
    servers: dict[str, list[str]] = {}
    for text in options.nameserver:
        server, _, address = text.partition("=")
        servers.setdefault(server, []).extend([address] if address else [])
    return {
        "origin": name,
        "networks": options.network or ["0.0.0.0/0", "::/0"],
        "nameservers": [{"name": server, "addresses": addresses} for server, addresses in servers.items()],
        "hostmaster": options.hostmaster,
    }


async def _serve(settings: ServerSettings) -> None:
    supervisor = Supervisor(settings, load_zones(settings))
    install_signals(supervisor)
    supervisor.bind()
    log.info("Serving", zones=[zone.origin for zone in load_zones(settings)], listen=settings.listen)
    await supervisor.run()


def install_signals(supervisor: Supervisor) -> None:
    """SIGTERM and SIGINT drain and end; SIGHUP reads zones and snapshot again."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, supervisor.stop)
    loop.add_signal_handler(signal.SIGINT, supervisor.stop)
    loop.add_signal_handler(signal.SIGHUP, supervisor.reload)
