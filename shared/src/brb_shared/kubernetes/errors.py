"""What a cluster's API may do instead of answering.

ClusterUnreachable   TransientError, ERR_KUBERNETES_STEP_FAILED: no answer
ClusterRefused       an error status
"""

from brb_shared.contracts.conditions import ErrorCode
from brb_shared.reconcile import TransientError


class ClusterUnreachable(TransientError):
    def __init__(self, server: str, why: str) -> None:
        super().__init__(
            ErrorCode.KUBERNETES_STEP_FAILED,
            f"The cluster's API does not answer at {server} ({why}). Check the API's allowed source ranges and the "
            "control plane's console log",
        )


class ClusterRefused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"HTTP {status}: {message}")
        self.status = status
        self.message = message
