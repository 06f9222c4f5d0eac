"""Machines that speak real SSH on loopback addresses. Their shell is this machine's, with stand-ins for sudo and
systemd, and a folder of their own for /run/brb.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from brb_installer.ssh.node import Target
from brb_shared.contracts.ids import ClusterId

_SYSTEMCTL = """#!/bin/sh
case $1 in is-active) [ -e '{state}/active' ] ;; esac
"""

_SYSTEMD_RUN = """#!/bin/sh
while [ "${{1#--}}" != "$1" ]; do shift; done
touch '{state}/active'
( "$@"; rm -f '{state}/active' ) > /dev/null 2>&1 < /dev/null &
"""


@dataclass
class LoopbackMachine:
    """Trusts certificates of `ca` for the principal `brb:<cluster id>` only, as the provisioner's user-data says."""

    address: str
    cluster_id: ClusterId
    ca: asyncssh.SSHKey
    folder: Path
    port: int = 0
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    sign_ins: list[str] = field(default_factory=list)
    tunnels: list[str] = field(default_factory=list)

    @property
    def public_key(self) -> str:
        return " ".join(self.host_key.export_public_key("openssh").decode().split()[:2])

    def target(self, *, host_keys: tuple[str, ...] | None = None, jump: Target | None = None) -> Target:
        keys = (self.public_key,) if host_keys is None else host_keys
        return Target(self.cluster_id, f"machine at {self.address}", f"server-{self.address}", self.address, keys, jump)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        self._put_stand_ins()
        trusted = f'cert-authority,principals="brb:{self.cluster_id}" {self.ca.export_public_key("openssh").decode()}'
        server = await asyncssh.create_server(
            lambda: _Server(self),
            self.address,
            self.port,
            server_host_keys=[self.host_key],
            authorized_client_keys=asyncssh.import_authorized_keys(trusted),
            process_factory=self._run,
            encoding=None,
        )
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield

    def _put_stand_ins(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("systemctl", _SYSTEMCTL), ("systemd-run", _SYSTEMD_RUN)):
            (self.folder / name).write_text(text.format(state=self.folder))
            (self.folder / name).chmod(0o755)

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        command = self._ours(process.command or "")
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_shell(command, stdin=pipe, stdout=pipe, stderr=pipe)
        stdin = self._ours((await process.stdin.read()).decode()).encode()
        output, errors = await child.communicate(stdin)
        process.stdout.write(output)
        process.stderr.write(errors)
        process.exit(child.returncode or 0)

    def _ours(self, text: str) -> str:
        text = text.replace("sudo -n ", "").replace("/run/brb", str(self.folder / "run"))
        return text.replace("PATH=/usr/local/sbin", f"PATH={self.folder}:/usr/local/sbin")


class _Server(asyncssh.SSHServer):
    def __init__(self, machine: LoopbackMachine) -> None:
        self._machine = machine

    def begin_auth(self, username: str) -> bool:
        self._machine.sign_ins.append(username)
        return True

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        self._machine.tunnels.append(dest_host)
        return True
