"""A cluster as the installer knows it: what is desired, and what was recorded. Immutable; SQL rows never leave
`repository.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.desired import MachineRole
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesMachine, KubernetesObserved


class Step(StrEnum):
    """What runs on a machine for longer than a moment; each run of one is recorded before it starts."""

    PREPARE = "prepare"
    INIT = "init"
    JOIN = "join"
    RESET = "reset"


@dataclass(frozen=True)
class Run:
    """One run of a step on one server. Its id also names it on the machine, so that a restarted installer finds it."""

    id: str
    cluster_id: ClusterId
    machine: str
    server_id: str
    step: Step
    read_bytes: int = 0
    is_new: bool = False
    """Recorded in this pass: the machine cannot know it yet."""


@dataclass(frozen=True)
class Problem:
    code: ErrorCode
    message: str
    user_fixable: bool = False


@dataclass(frozen=True)
class Machine:
    """A listed machine and how far it has come. A new server id under the old name starts from the beginning."""

    spec: KubernetesMachine
    first_seen_at: datetime
    reached: bool = False
    prepared: bool = False
    init_done_at: datetime | None = None
    joined_at: datetime | None = None
    left: bool = False
    drain_started_at: datetime | None = None
    run: Run | None = None
    problem: Problem | None = None
    rotated_key: str | None = None
    """Our own host key, made on the machine; OpenSSH form."""
    rotation_seen: bool = False
    """The machine has shown `rotated_key`: the one from its user-data is not accepted any more."""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def server_id(self) -> str:
        return self.spec.server_id

    @property
    def is_control_plane(self) -> bool:
        return self.spec.role is MachineRole.CONTROL_PLANE

    @property
    def joined(self) -> bool:
        return self.joined_at is not None and not self.left

    @property
    def host_keys(self) -> tuple[str, ...]:
        """The host keys that are accepted now; both until the new one was seen."""
        if self.rotated_key is None:
            return (self.spec.host_public_key,)
        return (self.rotated_key,) if self.rotation_seen else (self.rotated_key, self.spec.host_public_key)


@dataclass(frozen=True)
class Cluster:
    desired: KubernetesDesired
    initialized: bool = False
    init_server_id: str | None = None
    """The server that may run `kubeadm init`; recorded before it does."""
    kubernetes_version: str | None = None
    """What it was initialized with, without the v: machines that come later get the same."""
    joining: str | None = None
    """The control plane whose turn it is to join."""
    admin_access: bytes | None = None
    """Sealed."""
    addons_digest: str | None = None
    taken_up: int = -1
    """The newest desired revision whose machines were recorded and woken."""
    revision: int = 0
    problem: Problem | None = None
    observed: KubernetesObserved | None = None
    machines: tuple[Machine, ...] = ()

    @property
    def id(self) -> ClusterId:
        return self.desired.cluster_id

    def machine(self, name: str) -> Machine | None:
        return next((machine for machine in self.machines if machine.name == name), None)

    @property
    def control_planes(self) -> tuple[Machine, ...]:
        return tuple(machine for machine in self.machines if machine.is_control_plane)

    @property
    def working_control_planes(self) -> tuple[Machine, ...]:
        """Those that can be asked to do something for the cluster."""
        return tuple(machine for machine in self.control_planes if machine.joined and not machine.spec.leaving)
