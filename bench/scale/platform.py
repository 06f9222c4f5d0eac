"""The platform for the benchmark: PostgreSQL and NATS from their wheels, the services as processes of their own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from brb_shared.contracts.registry import Service
from brb_shared.http import ServiceKey
from brb_shared.nkey import new_seed
from brb_shared.secrets import new_keyring_line
from brb_shared.testing.servers import NatsServer, PostgresServer, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
MIGRATING = ("brb_api_gateway", "brb_provisioner", "brb_installer")
_START_SECONDS, _STOP_SECONDS = 240.0, 10.0
_POLL_SECONDS = 0.1
_LOG_CHARACTERS = 3000
_TICKS = os.sysconf("SC_CLK_TCK")
_CLOUDS = """clouds:
  bench:
    display_name: Bench
    auth_url: https://keystone.example/v3
    lb_provider: ovn
    lb_method: SOURCE_IP_PORT
"""


class ProcessEnded(Exception):
    """A process of the platform ended by itself, or does not answer."""


@dataclass(frozen=True)
class Usage:
    """Of one process since it began."""

    rss_mib: float
    peak_mib: float
    cpu_seconds: float


@dataclass
class Part:
    """One child process; stopped by its own id."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def require_running(self) -> None:
        if self.process.poll() is not None:
            raise ProcessEnded(f"{self.name} ended with {self.process.returncode}")

    def usage(self) -> Usage:
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        kib = {line.split(":")[0]: int(line.split()[1]) for line in status if line.startswith("Vm") and "kB" in line}
        times = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        cpu = (int(times[11]) + int(times[12])) / _TICKS
        return Usage(kib["VmRSS"] / 1024, kib["VmHWM"] / 1024, cpu)

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def wait_stopped(self) -> None:
        """Killed after a time."""
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class Platform:
    folder: Path
    environment: dict[str, str]
    database_url: str
    gateway: str
    bare: str
    parts: list[Part] = field(default_factory=list)

    def require_running(self) -> None:
        """Raises ProcessEnded."""
        for part in self.parts:
            part.require_running()

    def stop(self) -> None:
        for part in self.parts:
            part.ask_to_stop()
        for part in self.parts:
            part.wait_stopped()


@contextmanager
def running_platform(boot_seconds: float) -> Iterator[Platform]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="brb-bench-")))
        postgres, nats = PostgresServer(), NatsServer()
        for server in (postgres, nats):
            stack.callback(server.remove)
            server.start()
        platform = _prepare(folder, postgres.url(), nats.url, boot_seconds)
        stack.callback(platform.stop)
        for package in MIGRATING:
            _run([sys.executable, "-m", package, "migrate"], platform.environment)
        for name, port in (("gateway serve", platform.gateway), ("bare route", platform.bare)):
            _start(platform, name, {"BRB_PORT": port.rpartition(":")[2]})
        for name in ("gateway work", "provisioner work", "installer work"):
            _start(platform, name, {})
        try:
            for address in (f"{platform.gateway}/readyz", f"{platform.bare}/clusters?limit=1"):
                _until_answers(platform, address)
            yield platform
        except Exception:
            _tell_logs(platform)
            raise


def _prepare(folder: Path, database_url: str, nats_url: str, boot_seconds: float) -> Platform:
    public = {}
    for service in Service:
        (folder / f"{service}.key").write_text(new_seed())
        public[service.value] = ServiceKey.load(folder / f"{service}.key", service).public_nkey
    (folder / "public.json").write_text(json.dumps(public))
    (folder / "keyring").write_text(new_keyring_line("1"))
    (folder / "clouds.yaml").write_text(_CLOUDS)
    settings = {
        "BRB_DATABASE_URL": database_url,
        "BRB_NATS_URL": nats_url,
        "BRB_SERVICE_KEY_FILE": str(folder / f"{Service.API_GATEWAY}.key"),
        "BRB_SERVICE_PUBLIC_KEYS_FILE": str(folder / "public.json"),
        "BRB_KEYRING_FILE": str(folder / "keyring"),
        "BRB_CLOUDS_FILE": str(folder / "clouds.yaml"),
        "BRB_LOG_LEVEL": "WARNING",
        "BENCH_BOOT_SECONDS": str(boot_seconds),
        "PYTHONPATH": os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", ""))),
    }
    gateway, bare = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    return Platform(folder, os.environ | settings, database_url, gateway, bare)


def _start(platform: Platform, name: str, more: dict[str, str]) -> None:
    log = platform.folder / f"{name.replace(' ', '-')}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"bench.scale.parts.{name.replace(' ', '_')}"],
            env=platform.environment | more, stdout=output, stderr=output, stdin=subprocess.DEVNULL, cwd=REPOSITORY,
        )  # fmt: skip
    platform.parts.append(Part(name, process, log))


def _until_answers(platform: Platform, address: str) -> None:
    end = time.monotonic() + _START_SECONDS
    while not _answers(address):
        platform.require_running()
        if time.monotonic() > end:
            raise ProcessEnded(f"No answer from {address} after {_START_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address).is_success
    except httpx.TransportError:
        return False


def _tell_logs(platform: Platform) -> None:
    for part in platform.parts:
        print(f"--- {part.name}\n{part.log.read_text(errors='replace')[-_LOG_CHARACTERS:]}", file=sys.stderr)


def _run(command: list[str], environment: dict[str, str]) -> None:
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    if ran.returncode != 0:
        raise ProcessEnded(f"{' '.join(command)} ended with {ran.returncode}: {ran.stderr[-2000:]}")
