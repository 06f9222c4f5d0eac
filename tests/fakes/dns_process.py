"""Our name server as a process that a test may signal, kill in parts, feed and ask."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import httpx

from brb_shared.testing.servers import free_port

ORIGIN = "web.example.org"
ZONE: dict[str, Any] = {"origin": ORIGIN, "networks": ["10.0.0.0/8"], "nameservers": [{"name": f"ns1.{ORIGIN}"}]}
_DEADLINE_SECONDS = 30.0
_UNLIMITED = {f"RATE_LIMIT_{account}": "0" for account in ("ANSWERS", "NODATA", "NXDOMAIN", "ERRORS")}


def until(condition: Callable[[], object]) -> None:
    """Wait for a condition of the outside world."""
    end = time.monotonic() + _DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)


class NameServerProcess:
    """`python -m brb_dns serve` on one port of `host`. `settings`: of `ServerSettings`, without their prefix."""

    def __init__(
        self, folder: Path, zones: Sequence[dict[str, Any]] = (ZONE,), host: str = "127.0.0.1", **settings: str
    ):
        self.folder = folder
        self.host = host
        self.port = free_port()
        self.status_port = free_port()
        self.zones_file = folder / "zones.yaml"
        self.snapshot_file = folder / "snapshot.json"
        self.write_zones(zones)
        self.settings = {
            "LISTEN": json.dumps([f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"]),
            "SNAPSHOT_FILE": str(self.snapshot_file),
            "SNAPSHOT_DELAY_SECONDS": "0",
            "STATUS_LISTEN": f"127.0.0.1:{self.status_port}",
            "ZONES_FILE": str(self.zones_file),
            **_UNLIMITED,
            **settings,
        }
        self.process: subprocess.Popen[str]

    def command(self) -> list[str]:
        return [sys.executable, "-m", "brb_dns", "serve", "--zones-file", str(self.zones_file)]

    def __enter__(self) -> Self:
        environment = dict(os.environ) | {f"BRB_DNS_{name}": value for name, value in self.settings.items()}
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                self.command(), env=environment, stdin=subprocess.PIPE, stderr=log, stdout=log, text=True
            )
        try:
            until(self.is_ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:  # closes its pipe
            self.process.terminate()
            self.process.wait(timeout=20)

    def write_zones(self, zones: Sequence[dict[str, Any]]) -> None:
        self.zones_file.write_text(json.dumps({"zones": list(zones)}))

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            return self.get("/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.status_port}{path}", timeout=5)

    def metric(self, name: str) -> float:
        """The sum over its labels."""
        lines = [line for line in self.get("/metrics").text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def workers(self) -> list[int]:
        """Process ids."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def udp(self) -> socket.socket:
        """Connected; a receive times out after a second."""
        sock = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_DGRAM)
        sock.settimeout(1)
        sock.connect((self.host, self.port))
        return sock

    def tcp(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=10)


class FedServerProcess(NameServerProcess):
    """`fakes/dns_fed_server.py`: changes come by `feed`, signed messages are answered as it says there."""

    def command(self) -> list[str]:
        return [sys.executable, str(Path(__file__).with_name("dns_fed_server.py"))]

    def feed(self, kind: str, payload: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{kind} {payload}\n")
        self.process.stdin.flush()
