"""Servers as runc containers: start, stop, state."""

import json
import os
import subprocess
import time

from nova import exception
from nova.virt.brb_machine import loops
from nova.virt.brb_machine.console import ConsoleSocket
from nova.virt.brb_machine.shell import attempt, run

_RUNC = ("runc", "--root", "/run/brb-runc")
_SHUTDOWN_SIGNAL = "37"
"""SIGRTMIN+3: systemd's orderly halt."""


def state_of(uuid):
    """runc's state (`status`, `pid`), or None if the server does not run."""
    if not os.path.exists(f"/run/brb-runc/{uuid}"):
        return None
    try:
        state = json.loads(run(*_RUNC, "state", uuid))
    except (exception.NovaException, ValueError):
        return None
    return None if state["status"] == "stopped" else state


def start(uuid, directory):
    """Start the bundle in `directory`; returns the master side of its console."""
    remove(uuid)
    # a socket's path is short: the server's directory might be too deep
    with ConsoleSocket(f"/run/brb/{uuid}.sock") as console:
        command = (*_RUNC, "run", "--detach", "--console-socket", console.path, "--bundle", directory, uuid)
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if result.returncode:
            raise exception.InstanceDeployFailure(reason=result.stderr[-1500:].decode(errors="replace"))
        return console.receive()


def stop(uuid, timeout_seconds):
    """Halt the server in order; after the timeout (0: at once) kill it. Frees the loop devices it left behind."""
    state = state_of(uuid)
    file_systems = _own_file_systems(state["pid"]) if state else set()
    if state and timeout_seconds:
        attempt(*_RUNC, "kill", uuid, _SHUTDOWN_SIGNAL)
        end = time.monotonic() + timeout_seconds
        while state_of(uuid) and time.monotonic() < end:
            time.sleep(0.1)
    remove(uuid)
    loops.detach_all_on(file_systems)


def remove(uuid):
    """Kill whatever is left. Idempotent."""
    if os.path.exists(f"/run/brb-runc/{uuid}"):
        attempt(*_RUNC, "delete", "--force", uuid)


def pause(uuid):
    run(*_RUNC, "pause", uuid)


def resume(uuid):
    run(*_RUNC, "resume", uuid)


def _own_file_systems(pid):
    """Numbers of the guest's root and /dev, on which loop devices' files may lie."""
    found = set()
    for directory in ("/", "/dev"):
        try:
            number = os.stat(f"/proc/{pid}/root{directory}").st_dev
        except OSError:  # the guest has just ended
            continue
        found.add(f"{os.major(number)}:{os.minor(number)}")
    return found
