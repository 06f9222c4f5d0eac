"""What can go wrong, and the exit code of each.

CliError            1
├── Cancelled       2   Ctrl-C; what was asked for goes on
├── NotFound        3
├── SignInFirst     4
├── Denied          5
├── QuotaExceeded   6
├── StillRunning    7   `--timeout` is over; what was asked for goes on
└── Conflict        8
"""

from typing import Any, ClassVar


class CliError(Exception):
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, code: str, hint: str = "", request_id: str = "", status: int = 0) -> None:
        """`status`: of the HTTP answer, where it comes from one."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint or HINTS.get(code, "")
        self.request_id = request_id
        self.status = status

    def document(self) -> dict[str, Any]:
        """What is printed with `-o json`."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "request_id": self.request_id}


class Cancelled(CliError):
    exit_code = 2


class NotFound(CliError):
    exit_code = 3


class SignInFirst(CliError):
    exit_code = 4


class Denied(CliError):
    exit_code = 5


class QuotaExceeded(CliError):
    exit_code = 6


class StillRunning(CliError):
    exit_code = 7


class Conflict(CliError):
    exit_code = 8


HINTS = {
    "sign_in_refused": "Check the user, password, project and their domains",
    "ERR_INFRA_QUOTA_EXCEEDED": "Ask for fewer or smaller machines, free some, or have the project's quota raised",
    "ERR_INFRA_UNAUTHENTICATED": "Give it a new credential: `brb cluster update NAME --new-credential`",
    "ERR_INFRA_UNAUTHORIZED": "The cluster's credential lacks a role in the project",
    "ERR_INFRA_DEPENDENCIES": "Something that is not the platform's is in the way; remove it, then `brb cluster retry`",
    "ERR_CONFIGURATION_PROBLEM": "Correct the cluster with `brb apply`, then `brb cluster retry`",
    "ERR_CLEANUP_CLUSTER_RESOURCES": "Remove what is in the way, then `brb cluster retry`",
}

_BY_STATUS: dict[int, type[CliError]] = {401: SignInFirst, 403: Denied, 404: NotFound, 409: Conflict, 412: Conflict}
_BY_CODE: dict[str, type[CliError]] = {
    "ERR_INFRA_QUOTA_EXCEEDED": QuotaExceeded,
    "ERR_INFRA_UNAUTHENTICATED": Denied,
    "ERR_INFRA_UNAUTHORIZED": Denied,
}


def error_class(code: str, status: int = 0) -> type[CliError]:
    """The code says more than the HTTP status, where both are known."""
    return _BY_CODE.get(code) or _BY_STATUS.get(status, CliError)
