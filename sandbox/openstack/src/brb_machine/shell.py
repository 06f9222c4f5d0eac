"""Run host programs; failures become nova exceptions."""

import subprocess

from nova import exception

STATE = "/var/lib/brb"


def run(*command):
    """The command's output, stripped. Raises NovaException with the end of the output."""
    result = _run(command)
    if result.returncode:
        raise exception.NovaException(f"{' '.join(command)} ended with {result.returncode}: {result.stdout[-2000:]}")
    return result.stdout.strip()


def attempt(*command):
    """True if the command succeeded: for clean-up of what may be gone already."""
    return _run(command).returncode == 0


def _run(command):
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
