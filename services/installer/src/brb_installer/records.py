"""What a pass may write down. Each method is one transaction, and refuses when the pass has lost its lease.

Steps know only this protocol: `repository.py` keeps it in PostgreSQL, the tests' fakes in memory.
"""

from typing import Protocol

from brb_installer.cluster import Cluster, Machine, Problem, Run, Step
from brb_installer.ssh.node import RunState
from brb_shared.contracts.happened import Severity
from brb_shared.contracts.kubernetes import KubernetesObserved


class Records(Protocol):
    """Of one cluster."""

    async def load(self) -> Cluster | None: ...

    async def take_up(self, cluster: Cluster) -> None:
        """Record the listed machines, forget the others, and wake all of them."""
        ...

    async def claim_init(self, machine: Machine) -> bool:
        """May this server run `kubeadm init`? One only, unless the one before is not listed any more."""
        ...

    async def claim_turn(self, machine: Machine) -> bool:
        """May this control plane join now? One at a time."""
        ...

    async def record_reached(self, machine: Machine) -> None: ...

    async def record_host_key(self, machine: Machine, public_key: str) -> None: ...

    async def record_rotation_seen(self, machine: Machine) -> None: ...

    async def open_run(self, machine: Machine, step: Step) -> Run:
        """The machine's open run of this step, or a new one; an open run of another step is given up."""
        ...

    async def record_output(self, run: Run, state: RunState) -> Run:
        """Keep what is new of the output and tell its last line."""
        ...

    async def finish_run(self, run: Run, state: RunState) -> None:
        """Close the run and record what its success means; a join's end gives the turn to the next."""
        ...

    async def record_initialized(self, machine: Machine, admin_access: bytes) -> None:
        """The latch: `admin_access` is sealed. Wakes the cluster and all its machines."""
        ...

    async def record_unjoined(self, machine: Machine, why: str) -> None:
        """Its Node object is gone: it has to join again."""
        ...

    async def record_drain_started(self, machine: Machine) -> None: ...

    async def record_left(self, machine: Machine) -> None: ...

    async def record_addons(self, digest: str) -> None: ...

    async def record_problem(self, machine: Machine | None, problem: Problem | None) -> None:
        """Of a machine, or of the cluster itself."""
        ...

    async def publish(self, observed: KubernetesObserved) -> None:
        """Send what was observed, unless it was sent already."""
        ...

    async def happen(
        self, reason: str, message: str, *, machine: str | None = None, severity: Severity = Severity.NORMAL
    ) -> None: ...

    async def forget(self, observed: KubernetesObserved) -> None:
        """Drop keys, machines and runs, and publish `observed`, the last word."""
        ...
