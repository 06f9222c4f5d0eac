"""What is measured of one server, in which order."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.dns.flood import Sources
from bench.dns.load import Dnsperf, Load, Phase
from bench.dns.probe import Probe, Seen, is_answered, learn_cookie
from bench.dns.processes import on_core
from bench.dns.servers import UNLIMITED, USUAL, Contestant, require_right_answers
from bench.dns.zones import address_names
from brb_shared.testing.nameservers import Limits
from brb_shared.testing.servers import Server

SERVER_CORE, GENERATOR_CORE = 1, 0
_PROBES_PER_SECOND = 250
_HONEST_PER_SECOND = 100  # below the limit of one network, which it shares with nobody
_FIRST_NAME_OF_PROBES = 200_000_000
_DRAIN_SECONDS = 20.0


@dataclass(frozen=True)
class Flooded:
    offered_per_second: float
    honest: Seen


@dataclass(frozen=True)
class Figures:
    plain: Load
    cookies: Load
    half: Seen
    floods: dict[Sources, Flooded]


@dataclass(frozen=True)
class Duration:
    load_seconds: int
    warm_seconds: int


def measure(contestant: Contestant, dnsperf: Dnsperf, duration: Duration) -> Figures:
    """Two starts of the server: with limits that are never reached, for its speed; with usual ones, for floods."""
    seconds = duration.load_seconds
    with _running(contestant, UNLIMITED) as server:
        require_right_answers(server.port, contestant)
        cookie = learn_cookie(server.port, next(address_names()))
        dnsperf.measure(server, Phase.WARM, duration.warm_seconds)
        plain = dnsperf.measure(server, Phase.PLAIN, seconds)
        with_cookies = dnsperf.measure(server, Phase.COOKIES, seconds, cookie.hex())
        half = _half_load(server, dnsperf, int(plain.per_second / 2), seconds, cookie)
    with _running(contestant, USUAL) as server:
        floods = {sources: _flood(server, sources, int(plain.per_second * 2), seconds) for sources in Sources}
    return Figures(plain, with_cookies, half, floods)


@contextmanager
def _running(contestant: Contestant, limits: Limits) -> Iterator[Server]:
    server = contestant.make(limits)
    try:
        with on_core(SERVER_CORE):
            server.start()
        yield server
    finally:
        server.remove()


def _half_load(server: Server, dnsperf: Dnsperf, per_second: int, seconds: int, cookie: bytes) -> Seen:
    load = dnsperf.start(server, Phase.HALF, seconds + 1, "-Q", str(per_second))
    try:
        return _probe(server, cookie, seconds, _PROBES_PER_SECOND)
    finally:
        load.communicate()


def _flood(server: Server, sources: Sources, per_second: int, seconds: int) -> Flooded:
    cookie = learn_cookie(server.port, next(address_names()))
    _wait_until_drained(server)
    flooding = subprocess.Popen(
        [sys.executable, "-m", "bench.dns.flood", str(server.port), str(per_second), str(seconds + 1), sources],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        honest = _probe(server, cookie, seconds, _HONEST_PER_SECOND)
    finally:
        printed, _ = flooding.communicate()
    return Flooded(int(printed) / (seconds + 1), honest)


def _wait_until_drained(server: Server) -> None:
    """Raises TimeoutError."""
    end = time.monotonic() + _DRAIN_SECONDS
    while not is_answered(server.port, next(address_names())):
        if time.monotonic() > end:
            raise TimeoutError(f"{server.name} does not answer, {_DRAIN_SECONDS} s after the last load")


def _probe(server: Server, cookie: bytes, seconds: int, per_second: int) -> Seen:
    return Probe(server.port, address_names(_FIRST_NAME_OF_PROBES), cookie).run(seconds, per_second)
