"""What can go wrong with a certificate, each with its code and a sentence that says what to do.

    ReconcileError
    ├── TransientError            passes by itself
    │   ├── AuthorityUnavailable  no answer, 5xx, a broken answer           ERR_INFRA_UNAVAILABLE
    │   ├── ZoneUnavailable       no server of the zone answers us           ERR_INFRA_UNAVAILABLE
    │   ├── RateLimited           429 or rateLimited, with its Retry-After  ERR_INFRA_RATE_LIMITS_EXCEEDED
    │   ├── OrderGone             the authority does not know the order
    │   └── AccountGone           the authority does not know the account
    └── TerminalError             somebody has to do something; tried again by itself all the same
        ├── CertificatesOff       no authority is set                       ERR_CONFIGURATION_PROBLEM
        ├── CaaForbids            a CAA record names other authorities      ERR_CONFIGURATION_PROBLEM
        ├── ProofBlocked          the zone takes no TXT record there        ERR_INFRA_DEPENDENCIES
        └── Refused               the authority says no                     by its error type

`refusal` is the one table from an ACME error type to these.
"""

from brb_shared.contracts.conditions import ErrorCode
from brb_shared.reconcile import TerminalError, TransientError

_PREFIX = "urn:ietf:params:acme:error:"


class AuthorityUnavailable(TransientError):
    pass


class ZoneUnavailable(TransientError):
    pass


class RateLimited(TransientError):
    def __init__(self, message: str, retry_after_seconds: float | None) -> None:
        super().__init__(ErrorCode.RATE_LIMITS_EXCEEDED, message)
        self.retry_after_seconds = retry_after_seconds


class OrderGone(TransientError):
    pass


class AccountGone(TransientError):
    pass


class CertificatesOff(TerminalError):
    pass


class CaaForbids(TerminalError):
    pass


class ProofBlocked(TerminalError):
    pass


class Refused(TerminalError):
    """`kind`: the ACME error type without its prefix, such as `unauthorized`."""

    def __init__(self, code: ErrorCode, message: str, kind: str = "") -> None:
        super().__init__(code, message, user_fixable=False)
        self.kind = kind


_ADVICE: dict[str, tuple[ErrorCode, str]] = {
    "unauthorized": (ErrorCode.DEPENDENCIES, "Check that the zone is delegated to these servers"),
    "dns": (ErrorCode.DEPENDENCIES, "Check that the zone is delegated to these servers and that they answer"),
    "connection": (ErrorCode.DEPENDENCIES, "Check that the authority reaches the zone's servers on port 53"),
    "incorrectResponse": (ErrorCode.DEPENDENCIES, "Check that every server of the zone is this platform's"),
    "dnssec": (ErrorCode.DEPENDENCIES, "Check the DS record of the zone at its parent"),
    "caa": (ErrorCode.CONFIGURATION_PROBLEM, "Let the authority in by a CAA record, or remove those there are"),
    "rejectedIdentifier": (ErrorCode.CONFIGURATION_PROBLEM, "The authority does not issue for this name"),
    "externalAccountRequired": (ErrorCode.CONFIGURATION_PROBLEM, "Set BRB_ACME_EXTERNAL_ACCOUNT_FILE"),
    "invalidContact": (ErrorCode.CONFIGURATION_PROBLEM, "Set BRB_ACME_CONTACT to an address that takes mail"),
    "unsupportedContact": (ErrorCode.CONFIGURATION_PROBLEM, "Set BRB_ACME_CONTACT to an address that takes mail"),
    "userActionRequired": (ErrorCode.CONFIGURATION_PROBLEM, "Agree to the authority's new terms of service"),
}
_OUR_FAULT = (ErrorCode.INTERNAL, "The platform's operator can see more in the log")
_PASSING = frozenset({"badNonce", "serverInternal"})


def refusal(type_: str, detail: str, retry_after_seconds: float | None) -> TransientError | TerminalError:
    """From an ACME error document (RFC 8555, section 6.7)."""
    kind = type_.removeprefix(_PREFIX)
    said = detail.strip().rstrip(".") or kind
    match kind:
        case "accountDoesNotExist":
            return AccountGone(ErrorCode.INFRA_UNAVAILABLE, "The authority has lost the account; it is registered anew")
        case "rateLimited":
            text = f"The certificate authority's rate limit is reached: {said}. It goes on by itself"
            return RateLimited(text, retry_after_seconds)
        case _ if kind in _PASSING:
            return unavailable(said)
    code, advice = _ADVICE.get(kind, _OUR_FAULT)
    return Refused(code, f"The certificate authority refuses: {said}. {advice}", kind)


def unavailable(why: str) -> AuthorityUnavailable:
    text = f"The certificate authority does not answer as it should ({why}); it is tried again by itself"
    return AuthorityUnavailable(ErrorCode.INFRA_UNAVAILABLE, text)


def zone_unavailable(servers: str) -> ZoneUnavailable:
    text = f"No server of the zone answers ({servers}). Check that they run, and BRB_ACME_ZONE_SERVERS"
    return ZoneUnavailable(ErrorCode.INFRA_UNAVAILABLE, text)


def certificates_off() -> CertificatesOff:
    text = "Certificates are off: set BRB_ACME_DIRECTORY_URL of the dns service to a certificate authority's directory"
    return CertificatesOff(ErrorCode.CONFIGURATION_PROBLEM, text, user_fixable=False)


def caa_forbids(name: str, tag: str, identities: tuple[str, ...], allowed: tuple[str, ...]) -> CaaForbids:
    others = ", ".join(allowed) or "nobody"
    subject = f"*.{name}" if tag == "issuewild" else name
    text = f'CAA records let only {others} issue for {subject}; add: CAA 0 {tag} "{identities[0]}"'
    return CaaForbids(ErrorCode.CONFIGURATION_PROBLEM, text, user_fixable=False)


def proof_blocked(why: str) -> ProofBlocked:
    text = f"The record that proves the name cannot be added: {why}"
    return ProofBlocked(ErrorCode.DEPENDENCIES, text)
