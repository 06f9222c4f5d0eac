"""The servers that are compared, each ready to be started with the limits of a run."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

import dns.message
import dns.query

from bench.dns.zones import LUA_RULE, RULE_SAMPLES, STATIC_ADDRESS, STATIC_WILDCARD, ZONE
from brb_shared.testing.nameservers import AnsweringServer, Knot, Limits, Nsd, PowerDns
from brb_shared.testing.servers import Server, free_port

UNLIMITED = Limits(answers_per_second=1_000_000)  # counted for every answer, never reached
USUAL = Limits(answers_per_second=200)  # NSD's default, for all


class Ours(AnsweringServer):
    """`python -m brb_dns serve` with one worker, its cookies, rate limiting and metrics."""

    name = "brb"

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits
        self._status_port = free_port()

    def command(self) -> list[str]:
        return [
            sys.executable, "-m", "brb_dns", "serve", "--zone", ZONE, "--network", "0.0.0.0/0",
            "--nameserver", f"ns1.{ZONE}=192.0.2.1", "--listen", f"127.0.0.1:{self.port}", "--workers", "1",
        ]  # fmt: skip

    def environment(self) -> dict[str, str]:
        limit = str(self._limits.answers_per_second)
        accounts = ("ANSWERS", "NODATA", "NXDOMAIN", "ERRORS")
        limits = {f"BRB_DNS_RATE_LIMIT_{account}": limit for account in accounts}
        return (
            dict(os.environ)
            | limits
            | {
                "BRB_DNS_RATE_LIMIT_SLIP": str(self._limits.slip),
                "BRB_DNS_STATUS_LISTEN": f"127.0.0.1:{self._status_port}",
            }
        )


@dataclass(frozen=True)
class Contestant:
    name: str
    what: str
    make: Callable[[Limits], Server]
    synthesises: bool = False


class WrongAnswer(Exception):
    """A server that does not do the work would be the fastest."""


def require_right_answers(port: int, contestant: Contestant) -> None:
    """Raises WrongAnswer."""
    for name, address in RULE_SAMPLES.items():
        query = dns.message.make_query(name, "A", use_edns=0)
        answer = dns.query.udp(query, "127.0.0.1", port=port, timeout=2)
        seen = [record.to_text() for records in answer.answer for record in records]
        expected = ([address] if address else []) if contestant.synthesises else [STATIC_ADDRESS]
        if seen != expected:
            raise WrongAnswer(f"{contestant.name}: {name} has {seen}, not {expected}")


CONTESTANTS = (
    Contestant("brb", "synthesises the address from the name; cookies, rate limiting, metrics", Ours, synthesises=True),
    Contestant("nsd", "static: one wildcard answer for all names; cookies, rate limiting",
               lambda limits: Nsd(ZONE, STATIC_WILDCARD, limits)),
    Contestant("knot", "static: one wildcard answer for all names; cookies, rate limiting, statistics",
               lambda limits: Knot(ZONE, STATIC_WILDCARD, limits)),
    Contestant("powerdns-lua", "synthesises the address from the name by a LUA record; cookies, no rate limiting",
               lambda _limits: PowerDns(ZONE, LUA_RULE), synthesises=True),
)  # fmt: skip
