"""Machines over asyncssh. Host keys are checked on every connection, the jump host's too; passwords are never tried."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import asyncssh
import structlog

from brb_installer.errors import HostKeyMismatch, MachineUnreachable, NodeBusy, StepFailed
from brb_installer.redaction import clean
from brb_installer.scripts import Script
from brb_installer.ssh import driver
from brb_installer.ssh.certificates import UserCertificates
from brb_installer.ssh.knocking import Knocking
from brb_installer.ssh.node import INTERRUPTED, RunState, Target

log = structlog.get_logger()

_ASK_TIMEOUT_SECONDS = 60.0
_KEEP_OPEN = timedelta(minutes=2)
_KEEPALIVE_SECONDS = 5
_FIRST_SHARE = 0.2
"""Of the time for a connection, what the first has before a second is made. A handshake takes a tenth of a second."""


@dataclass(frozen=True)
class SshSettings:
    user: str
    port: int
    connect_timeout_seconds: float
    step_timeout_seconds: int


@dataclass
class _Open:
    """One server's connection; `lock` keeps two passes from opening it twice."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    connection: asyncssh.SSHClientConnection | None = None
    retired: list[asyncssh.SSHClientConnection] = field(default_factory=list)
    used_at: float = 0.0

    def close(self) -> None:
        for connection in (self.connection, *self.retired):
            if connection is not None:
                connection.close()


class AsyncsshNodes:
    """Implements `Nodes`."""

    def __init__(self, settings: SshSettings, certificates: UserCertificates) -> None:
        self._settings = settings
        self._certificates = certificates
        self._open: defaultdict[str, _Open] = defaultdict(_Open)
        self._knocking = Knocking()

    async def connect(self, target: Target) -> "AsyncsshNode":
        self._mark_used(target)
        self._close_idle()
        return self._node(target, await self._connection(target))

    async def renew(self, target: Target) -> "AsyncsshNode":
        opened = self._open[target.server_id]
        async with opened.lock:
            return self._node(target, await self._replace(opened, target))

    async def forget(self, server_id: str) -> None:
        opened = self._open.pop(server_id, None)
        if opened is not None:
            opened.close()

    async def close(self) -> None:
        for server_id in list(self._open):
            await self.forget(server_id)

    def _node(self, target: Target, connection: asyncssh.SSHClientConnection) -> "AsyncsshNode":
        return AsyncsshNode(target.machine, connection, self._settings.step_timeout_seconds)

    async def _connection(self, target: Target) -> asyncssh.SSHClientConnection:
        opened = self._open[target.server_id]
        async with opened.lock:
            kept = opened.connection
            if kept is not None and not kept.is_closed() and shown_key(kept) in target.host_keys:
                return kept
            return await self._replace(opened, target)

    async def _replace(self, opened: _Open, target: Target) -> asyncssh.SSHClientConnection:
        """The old connection may carry others, as a jump host's does: it is closed with the idle ones."""
        is_new = opened.connection is None or opened.connection.is_closed()
        connection = await self._dial(target, knocks=is_new)
        if opened.connection is not None:
            opened.retired.append(opened.connection)
        opened.connection = connection
        opened.used_at = asyncio.get_running_loop().time()
        return connection

    async def _dial(self, target: Target, *, knocks: bool) -> asyncssh.SSHClientConnection:
        jump = await self._connection(target.jump) if target.jump is not None else None
        log.info("Connecting by SSH", cluster_id=target.cluster_id, machine=target.machine, jump=jump is not None)
        timeout = self._settings.connect_timeout_seconds
        with _translated(target.machine):
            async with asyncio.timeout(timeout + 1):
                if knocks:
                    opener = jump.open_connection if jump is not None else asyncio.open_connection
                    await self._knocking.until_open(partial(opener, target.address, self._settings.port))
                try:
                    return await self._sign_in(target, jump, timeout * _FIRST_SHARE)
                except TimeoutError:  # dead: it was opened while the cloud still changed its network
                    return await self._sign_in(target, jump, timeout * (1 - _FIRST_SHARE))

    async def _sign_in(
        self, target: Target, jump: asyncssh.SSHClientConnection | None, timeout_seconds: float
    ) -> asyncssh.SSHClientConnection:
        trusted = [asyncssh.import_public_key(key) for key in target.host_keys]
        return await asyncssh.connect(
            target.address,
            self._settings.port,
            tunnel=jump if jump is not None else (),
            username=self._settings.user,
            client_keys=[self._certificates.issue(target.cluster_id)],
            known_hosts=(trusted, [], []),
            config=None,
            agent_path=None,
            preferred_auth=("publickey",),
            connect_timeout=timeout_seconds,
            login_timeout=timeout_seconds,
            keepalive_interval=_KEEPALIVE_SECONDS,
        )

    def _mark_used(self, target: Target | None) -> None:
        while target is not None:
            self._open[target.server_id].used_at = asyncio.get_running_loop().time()
            target = target.jump

    def _close_idle(self) -> None:
        long_ago = asyncio.get_running_loop().time() - _KEEP_OPEN.total_seconds()
        for server_id, opened in list(self._open.items()):
            if opened.used_at < long_ago and not opened.lock.locked():
                opened.close()
                del self._open[server_id]


class AsyncsshNode:
    """Implements `Node`."""

    def __init__(self, machine: str, connection: asyncssh.SSHClientConnection, step_timeout_seconds: int) -> None:
        self._machine = machine
        self._connection = connection
        self._step_timeout_seconds = step_timeout_seconds

    @property
    def host_key(self) -> str:
        return shown_key(self._connection)

    async def ask(self, script: Script) -> str:
        exit_code, output, errors = await self._run(driver.ASK, script.text(), _ASK_TIMEOUT_SECONDS)
        if exit_code != 0:
            raise StepFailed(self._machine, script.name, exit_code, clean(errors or output))
        return output

    async def start(self, run_id: str, script: Script, *, wait_seconds: float) -> RunState:
        command = driver.start_command(run_id, self._step_timeout_seconds, wait_seconds)
        exit_code, said, errors = await self._run(command, script.text(), wait_seconds + _ASK_TIMEOUT_SECONDS)
        if exit_code == driver.BUSY:
            raise NodeBusy(self._machine)
        if exit_code != 0:
            raise StepFailed(self._machine, f"start of {script.name}", exit_code, clean(errors))
        return _parse_run(said, 0)

    async def attach(self, run_id: str, *, offset: int, wait_seconds: float) -> RunState | None:
        command = driver.attach_command(run_id, offset, wait_seconds)
        exit_code, said, errors = await self._run(command, "", wait_seconds + _ASK_TIMEOUT_SECONDS)
        if exit_code != 0:
            raise StepFailed(self._machine, "look at a step", exit_code, clean(errors))
        return None if said == driver.UNKNOWN else _parse_run(said, offset)

    async def _run(self, command: str, stdin: str, timeout_seconds: float) -> tuple[int, str, str]:
        source: dict[str, Any] = {"input": stdin} if stdin else {"stdin": asyncssh.DEVNULL}
        with _translated(self._machine):
            async with asyncio.timeout(timeout_seconds):
                ended = await self._connection.run(command, encoding="utf-8", errors=_KEEP, **source)
        return _exit_code(ended), str(ended.stdout), str(ended.stderr)


_KEEP = "surrogateescape"


def _parse_run(said: str, offset: int) -> RunState:
    """What `attach_command` says of a run that is known."""
    state, _, output = said.partition("\n")
    ended = None if state == "running" else int(state) if state.isdigit() else INTERRUPTED
    return RunState(exit_code=ended, output=output, read_bytes=offset + len(output.encode(errors=_KEEP)))


def shown_key(connection: asyncssh.SSHClientConnection) -> str:
    key = connection.get_server_host_key()
    assert key is not None  # it was checked, so there was one
    return " ".join(key.export_public_key("openssh").decode().split()[:2])


def _exit_code(ended: asyncssh.SSHCompletedProcess) -> int:
    return ended.exit_status if ended.exit_status is not None else INTERRUPTED


@contextmanager
def _translated(machine: str) -> Iterator[None]:
    """asyncssh's and the network's errors, as ours."""
    try:
        yield
    except asyncssh.HostKeyNotVerifiable as error:
        raise HostKeyMismatch(machine) from error
    except asyncssh.PermissionDenied as error:
        raise MachineUnreachable(machine, "it refuses the platform's certificate") from error
    except TimeoutError as error:
        raise MachineUnreachable(machine, "timed out") from error
    except (asyncssh.Error, OSError) as error:
        raise MachineUnreachable(machine, str(error) or type(error).__name__) from error
