"""Load by dnsperf: as much as the server answers, or a given rate, for a given time."""

import re
import subprocess
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from pathlib import Path

from bench.dns.processes import cpu_seconds
from bench.dns.zones import address_names
from brb_shared.testing.debian import Programs
from brb_shared.testing.servers import Server

_OUTSTANDING = 100
_CLIENTS = 8
_LOST_AFTER_SECONDS = 2
_NAMES = (
    500_000  # of a phase; one that answers more in it meets them again, which helps none of them: they do not cache
)


class Phase(IntEnum):
    """Each asks for names of its own: a cache that the phase before has filled would answer otherwise."""

    WARM = 0
    PLAIN = 1
    COOKIES = 2
    HALF = 3


class LoadFailed(Exception):
    """With what dnsperf said."""


@dataclass(frozen=True)
class Load:
    """What a run of dnsperf saw."""

    sent: int
    answered: int
    good: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    @property
    def per_cpu_second(self) -> float:
        return self.answered / self.cpu_seconds


@dataclass(frozen=True)
class Dnsperf:
    programs: Programs
    folder: Path

    def prepare(self) -> None:
        for phase in Phase:
            with self._queries(phase).open("w") as lines:
                lines.writelines(f"{name} A\n" for name in islice(address_names(phase * _NAMES), _NAMES))

    def measure(self, server: Server, phase: Phase, seconds: int, cookie: str = "") -> Load:
        """As many queries as the server answers. `cookie`: the option's content in hexadecimal digits.

        Raises LoadFailed also when an answer is not NOERROR: a server that refuses is fast.
        """
        before = cpu_seconds(server.pid)
        option = ["-E", f"10:{cookie}"] if cookie else []
        printed = self._finish(self.start(server, phase, seconds, *option))
        used = cpu_seconds(server.pid) - before
        load = Load(
            sent=int(_figure(r"Queries sent: +(\d+)", printed)),
            answered=int(_figure(r"Queries completed: +(\d+)", printed)),
            good=int(_figure(r"NOERROR (\d+)", printed)),
            seconds=_figure(r"Run time \(s\): +([\d.]+)", printed),
            cpu_seconds=used,
        )
        if load.good < load.answered:
            raise LoadFailed(f"{server.name}: {load.answered - load.good} answers are not NOERROR\n{printed}")
        return load

    def start(self, server: Server, phase: Phase, seconds: int, *more: str) -> subprocess.Popen[str]:
        """Runs for `seconds` and ends by itself."""
        command = [self.programs["dnsperf"], "-s", "127.0.0.1", "-p", str(server.port), "-e",
                   "-d", str(self._queries(phase)), "-l", str(seconds),
                   "-c", str(_CLIENTS), "-T", "1", "-q", str(_OUTSTANDING), "-t", str(_LOST_AFTER_SECONDS),
                   "-O", "suppress=timeout", *more]  # fmt: skip
        return subprocess.Popen(
            command, env=self.programs.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def _queries(self, phase: Phase) -> Path:
        return self.folder / f"queries-{phase.name.lower()}"

    def _finish(self, process: subprocess.Popen[str]) -> str:
        printed, _ = process.communicate()
        if process.returncode != 0:
            raise LoadFailed(printed)
        return printed


def _figure(pattern: str, printed: str) -> float:
    match = re.search(pattern, printed)
    return float(match[1]) if match else 0.0
