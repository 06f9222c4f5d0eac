"""Run programs: to their end with `run`, or as daemons with `start_daemon`."""

import os
import subprocess
import time
from collections.abc import Callable

from brb_sandbox.places import LOGS, VENV_BIN

STARTED_AT = time.monotonic()

os.environ["PATH"] = f"{VENV_BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
os.environ.setdefault("HOME", "/root")
os.environ.setdefault("LANG", "C.UTF-8")


def say(text: str) -> None:
    """A progress line with the seconds since this program began; `docker logs` shows it."""
    print(f"{time.monotonic() - STARTED_AT:6.1f} s  {text}", flush=True)


def run(*command: str, stdin: str | None = None) -> str:
    """The command's output. A failure is raised with the output's end in its message."""
    result = subprocess.run(command, input=stdin, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {result.returncode}:\n{result.stdout[-3000:]}")
    return result.stdout


def start_daemon(name: str, *command: str) -> subprocess.Popen[bytes]:
    """Start a long-running program with its output in LOGS/name.log."""
    with open(LOGS / f"{name}.log", "ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def wait_until(ready: Callable[[], bool], what: str, timeout_seconds: float = 120) -> None:
    """Poll every 0.1 s until `ready` answers true."""
    end = time.monotonic() + timeout_seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} is not ready after {timeout_seconds:.0f} s; see {LOGS}")
        time.sleep(0.1)
