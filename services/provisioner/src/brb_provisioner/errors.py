"""What can go wrong with a cloud, each with its code and a sentence that says what to do.

    ReconcileError
    ├── TransientError                  passes by itself: the loop backs off and goes on
    │   ├── CloudUnavailable            500 502 503 504, timeout, cut connection   ERR_INFRA_UNAVAILABLE
    │   ├── CloudBusy                   409 on a thing that is changing            ERR_INFRA_UNAVAILABLE
    │   ├── RateLimited                 429                                        ERR_INFRA_RATE_LIMITS_EXCEEDED
    │   └── ResourceGone                404 on a thing that was there              ERR_INFRA_DEPENDENCIES
    └── TerminalError                   somebody has to do something; looked at again every 5 minutes, or by `retry`
        ├── Unauthenticated             401                                        ERR_INFRA_UNAUTHENTICATED
        ├── Unauthorized                403                                        ERR_INFRA_UNAUTHORIZED
        ├── QuotaExceeded               403, 409 or 413 that speak of a quota      ERR_INFRA_QUOTA_EXCEEDED
        ├── ResourcesDepleted           no valid host, no address left             ERR_INFRA_RESOURCES_DEPLETED
        ├── Misconfigured               400; flavor, image or network missing      ERR_CONFIGURATION_PROBLEM
        ├── MachineFailed               a server in ERROR for another reason       ERR_INFRA_UNAVAILABLE
        ├── MachineUnreachable          no answer on port 22                       ERR_MACHINE_UNREACHABLE
        └── CleanupBlocked              something foreign stands in the way        ERR_CLEANUP_CLUSTER_RESOURCES

`translate` is the one table from an HTTP answer to these; the adapter calls it, nobody else looks at a status.
"""

from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.infrastructure import ResourceRef
from brb_shared.reconcile import TerminalError, TransientError


class CloudUnavailable(TransientError):
    pass


class CloudBusy(TransientError):
    pass


class RateLimited(TransientError):
    pass


class ResourceGone(TransientError):
    pass


class Unauthenticated(TerminalError):
    pass


class Unauthorized(TerminalError):
    pass


class QuotaExceeded(TerminalError):
    pass


class ResourcesDepleted(TerminalError):
    pass


class Misconfigured(TerminalError):
    pass


class MachineFailed(TerminalError):
    pass


class MachineUnreachable(TerminalError):
    pass


class CleanupBlocked(TerminalError):
    """`remaining`: what the last listing still found, if it came to one."""

    def __init__(self, message: str, remaining: tuple[ResourceRef, ...] = ()) -> None:
        super().__init__(ErrorCode.CLEANUP_CLUSTER_RESOURCES, message)
        self.remaining = remaining


CloudError = TransientError | TerminalError

_OVER_QUOTA = ("quota", "limitexceeded", "exceeds allowed", "maximum number of ports")
_DEPLETED = (
    "no valid host",
    "no more ip addresses",
    "ipaddressgenerationfailure",
    "no available ip",
    "externalipaddressexhausted",
    "insufficient",
)
_RETRY = "It is tried again by itself."


def translate(status: int | None, details: str, doing: str) -> CloudError:
    """The error for an answer of `status` to what the platform was `doing`, such as "creating a port".

    `status` None: there was no answer (timeout, refused or cut connection).
    """
    said = details.strip().replace("\n", " ").rstrip(".")[:500]
    lowered = said.lower()
    if status in (400, 403, 409, 413) and any(word in lowered for word in _OVER_QUOTA):
        return quota_exceeded(f"The cloud refused {doing}: {said}")
    if any(word in lowered for word in _DEPLETED):
        return resources_depleted(f"The cloud has no room for {doing}: {said}")
    return _by_status(status, said, doing)


def _by_status(status: int | None, said: str, doing: str) -> CloudError:
    match status:
        case None:
            text = f"The cloud did not answer while {doing} ({said}). {_RETRY}"
            return CloudUnavailable(ErrorCode.INFRA_UNAVAILABLE, text)
        case 401:
            return unauthenticated(f"The cloud does not accept the cluster's credential any more ({doing}: {said})")
        case 403:
            text = f"The cluster's credential may not do this: {doing} ({said}). Give it the role it lacks, then retry."
            return Unauthorized(ErrorCode.UNAUTHORIZED, text)
        case 404:
            return ResourceGone(ErrorCode.DEPENDENCIES, f"Not found while {doing}: {said}. {_RETRY}")
        case 409:
            return CloudBusy(ErrorCode.INFRA_UNAVAILABLE, f"The cloud is busy while {doing}: {said}. {_RETRY}")
        case 429:
            text = f"The cloud limits the rate of requests ({doing}: {said}). {_RETRY}"
            return RateLimited(ErrorCode.RATE_LIMITS_EXCEEDED, text)
        case _ if status >= 500:
            text = f"The cloud failed with {status} while {doing}: {said}. {_RETRY}"
            return CloudUnavailable(ErrorCode.INFRA_UNAVAILABLE, text)
        case _:
            return misconfigured(f"The cloud refused {doing}: {said}. Change the cluster's settings, then retry.")


def unauthenticated(what: str) -> Unauthenticated:
    text = (
        f"{what}. Give the cluster a new application credential of the same project: change its cloud_credential_id; "
        "null makes a new one."
    )
    return Unauthenticated(ErrorCode.UNAUTHENTICATED, text)


def quota_exceeded(what: str) -> QuotaExceeded:
    text = f"{what}. Free some or ask the cloud for a larger quota; it goes on by itself, or at once by retry."
    return QuotaExceeded(ErrorCode.QUOTA_EXCEEDED, text)


def resources_depleted(what: str) -> ResourcesDepleted:
    text = f"{what}. Choose another flavor or zone, or ask the cloud's operators; it is tried again by itself."
    return ResourcesDepleted(ErrorCode.RESOURCES_DEPLETED, text)


def misconfigured(what: str) -> Misconfigured:
    return Misconfigured(ErrorCode.CONFIGURATION_PROBLEM, what)


def server_fault(name: str, fault: str, tries: int) -> TerminalError:
    """The error for a server that went to ERROR `tries` times."""
    said = fault.strip().rstrip(".") or "the cloud gives no reason"
    what = f"Server {name} went to ERROR {tries} times: {said}"
    if any(word in said.lower() for word in _OVER_QUOTA):
        return quota_exceeded(what)
    if any(word in said.lower() for word in _DEPLETED):
        return resources_depleted(what)
    return MachineFailed(ErrorCode.INFRA_UNAVAILABLE, f"{what}. It is replaced again by itself, or at once by retry.")
