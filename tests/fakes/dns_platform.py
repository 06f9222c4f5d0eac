"""The whole dns service as processes of its own, with a PostgreSQL and a NATS that a test may kill."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import httpx

from brb_shared.contracts.registry import Service
from brb_shared.contracts.tenant import Tenant
from brb_shared.secrets import new_keyring_line
from brb_shared.testing.servers import NatsServer, PostgresServer, Server, free_port
from fakes.gateway import Services

ServerT = TypeVar("ServerT", bound=Server)

ZONE = "web.brb.test"
NETWORKS = ("198.51.100.0/24",)


class DurablePostgres(PostgresServer):
    """As in production: what was committed is there after a kill. The tests' usual one may lose the last moment."""

    def command(self) -> list[str]:
        return [argument.replace("synchronous_commit=off", "synchronous_commit=on") for argument in super().command()]


class DnsProcess(Server):
    """`python -m brb_dns <command>`."""

    def __init__(self, command: str, environment: dict[str, str], port: int | None = None) -> None:
        """`port`: the one it listens on with TCP; None: it listens on none."""
        self.name = f"dns-{command}"
        super().__init__()
        self._command = command
        self._environment = environment
        self._listens = port is not None
        self.port = port or self.port

    def command(self) -> list[str]:
        return [sys.executable, "-m", "brb_dns", self._command]

    def environment(self) -> dict[str, str]:
        return dict(os.environ) | self._environment

    def _answers(self) -> bool:
        return super()._answers() if self._listens else True


class DnsPlatform:
    """PostgreSQL, NATS, `serve`, `work` and `answer`, started in this order."""

    def __init__(self, folder: Path) -> None:
        self.services = Services(folder)
        (folder / "keyring").write_text(new_keyring_line("1"))
        self._stack = ExitStack()
        self.postgres = self._started(DurablePostgres())
        self.nats = self._started(NatsServer())
        api_port, self.dns_port = free_port(), free_port()
        environment = self._environment(folder, api_port)
        subprocess.run([sys.executable, "-m", "brb_dns", "migrate"], env={**os.environ, **environment}, check=True)
        self.api = self._started(DnsProcess("serve", environment, api_port))
        self.work = self._started(DnsProcess("work", environment))
        self.answer = self._started(DnsProcess("answer", environment, self.dns_port))
        self.url = f"http://127.0.0.1:{api_port}/internal/v1"

    def client(self, tenant: Tenant) -> httpx.AsyncClient:
        """Calls as the api-gateway for a user of the tenant."""
        headers = self.services.keys[Service.API_GATEWAY].headers(Service.DNS, "alice", tenant=tenant)
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=10)

    def logs(self) -> str:
        """The end of what each process said, for a test that failed."""
        processes = (self.api, self.work, self.answer)
        return "\n".join(f"{one.name}:\n{(one.folder / 'server.log').read_text()[-3000:]}" for one in processes)

    def remove(self) -> None:
        self._stack.close()

    def _started(self, server: ServerT) -> ServerT:
        server.start()
        self._stack.callback(server.remove)
        return server

    def _environment(self, folder: Path, api_port: int) -> dict[str, str]:
        return {
            "BRB_DATABASE_URL": self.postgres.url(),
            "BRB_NATS_URL": self.nats.url,
            "BRB_SERVICE_KEY_FILE": str(folder / f"{Service.DNS}.key"),
            "BRB_SERVICE_PUBLIC_KEYS_FILE": str(self.services.public_keys_file),
            "BRB_KEYRING_FILE": str(folder / "keyring"),
            "BRB_PORT": str(api_port),
            "BRB_DNS_URL": f"http://127.0.0.1:{api_port}",
            "BRB_DNS_ZONE": ZONE,
            "BRB_DNS_NETWORKS": json.dumps(NETWORKS),
            "BRB_DNS_LISTEN": json.dumps([f"127.0.0.1:{self.dns_port}"]),
            "BRB_DNS_SNAPSHOT_FILE": str(folder / "zone.json"),
            "BRB_DNS_SNAPSHOT_DELAY_SECONDS": "0",
            "BRB_DNS_STATUS_LISTEN": "",
            "BRB_LOG_LEVEL": "WARNING",
        }
