"""What a machine can do for us. Steps know only this; `asyncssh_nodes.py` and the tests' fakes do it.

A long script is started once under its run's id and goes on without us; `attach` reads what it says and how it ended.
So a killed installer, or a cut connection, neither stops a step nor starts it twice.
"""

from dataclasses import dataclass
from typing import Protocol

from brb_installer.scripts import Script
from brb_shared.contracts.ids import ClusterId


@dataclass(frozen=True)
class Target:
    """How to reach one machine. `host_keys` (OpenSSH form) are the only ones that are accepted."""

    cluster_id: ClusterId
    machine: str
    server_id: str
    address: str
    host_keys: tuple[str, ...]
    jump: "Target | None" = None


@dataclass(frozen=True)
class RunState:
    """`output` is what is new since the asked offset; `exit_code` is None while it runs."""

    exit_code: int | None
    output: str
    read_bytes: int


INTERRUPTED = 254
"""The exit code of a script that stopped without saying how: the machine was rebooted, or its time was up."""


class Node(Protocol):
    @property
    def host_key(self) -> str:
        """The key that the machine has shown on this connection; OpenSSH form without a comment."""
        ...

    async def ask(self, script: Script) -> str:
        """Run a short script as root and return what it says. Raises StepFailed, MachineUnreachable."""
        ...

    async def start(self, run_id: str, script: Script, *, wait_seconds: float) -> RunState:
        """Start a long script as root, unless this run was started before, and wait as `attach` does.

        Raises NodeBusy, MachineUnreachable.
        """
        ...

    async def attach(self, run_id: str, *, offset: int, wait_seconds: float) -> RunState | None:
        """Wait until the run ends or the time is up. None: this run was never started here."""
        ...


class Nodes(Protocol):
    async def connect(self, target: Target) -> Node:
        """A connection, kept for the next pass. Raises MachineUnreachable, HostKeyMismatch."""
        ...

    async def renew(self, target: Target) -> Node:
        """A new connection in the place of the kept one, which goes on for whoever uses it."""
        ...

    async def forget(self, server_id: str) -> None:
        """Close what is open to this server; the next `connect` begins anew."""
        ...
