"""What goes wrong while Kubernetes is put on machines.

ReconcileError                      brb_shared.reconcile
├── TransientError                  tried again with a growing pause
│   ├── MachineUnreachable          ERR_MACHINE_UNREACHABLE: no SSH, or it refuses our certificate
│   ├── StepFailed                  ERR_KUBERNETES_STEP_FAILED: a script ended badly; carries its last lines
│   │   ├── ArtifactUnavailable     ERR_ARTIFACT_UNAVAILABLE: the mirror does not answer
│   │   └── ArtifactCorrupt         ERR_ARTIFACT_CHECKSUM: what came is not what was promised
│   └── ClusterUnreachable          brb_shared.kubernetes: the cluster's API does not answer
└── TerminalError                   somebody has to look; a slow retry goes on by itself
    └── HostKeyMismatch             ERR_MACHINE_HOST_KEY_MISMATCH: somebody else answers; nothing was sent

NodeBusy                            another step runs on the machine; the pass comes again
ClusterRefused                      brb_shared.kubernetes: its API answered with an error status
"""

from brb_shared.contracts.conditions import ErrorCode
from brb_shared.reconcile import TransientError


class MachineUnreachable(TransientError):
    def __init__(self, machine: str, why: str) -> None:
        super().__init__(
            ErrorCode.MACHINE_UNREACHABLE,
            f"{machine} does not answer on SSH ({why}). Check its console log and that the security group lets the "
            "platform in on port 22",
        )


class HostKeyMismatch(TransientError):
    """Transient, because an image may show its own key until cloud-init has placed the machine's."""

    def __init__(self, machine: str) -> None:
        super().__init__(
            ErrorCode.HOST_KEY_MISMATCH,
            f"{machine} shows another SSH host key than it was given, so nothing was sent to it. If the server was "
            "rebuilt, delete it: it is made anew with a new key",
        )


class StepFailed(TransientError):
    """`output` is redacted already."""

    code_of_step = ErrorCode.KUBERNETES_STEP_FAILED

    def __init__(self, machine: str, step: str, exit_code: int, output: str) -> None:
        super().__init__(self.code_of_step, self.sentence(machine, step, exit_code, last_lines(output)))
        self.exit_code = exit_code

    @staticmethod
    def sentence(machine: str, step: str, exit_code: int, end: str) -> str:
        return f"The step {step} failed on {machine} (exit code {exit_code}) and is tried again: {end}"


class ArtifactUnavailable(StepFailed):
    code_of_step = ErrorCode.ARTIFACT_UNAVAILABLE

    @staticmethod
    def sentence(machine: str, step: str, exit_code: int, end: str) -> str:
        return f"{machine} cannot download what it needs: {end}. Check that it reaches the artifact mirror"


class ArtifactCorrupt(StepFailed):
    code_of_step = ErrorCode.ARTIFACT_CHECKSUM

    @staticmethod
    def sentence(machine: str, step: str, exit_code: int, end: str) -> str:
        return f"A download on {machine} has a wrong checksum and was thrown away: {end}"


class NodeBusy(Exception):
    """Another step runs on the machine."""


def last_lines(output: str, count: int = 4, limit: int = 600) -> str:
    """The end of a step's output, on one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " / ".join(lines[-count:])[-limit:] or "it said nothing"
