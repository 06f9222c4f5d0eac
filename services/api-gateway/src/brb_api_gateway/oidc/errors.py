"""What can go wrong with an issuer, as problems that say whose fault it is and what to do.

Problem (brb_shared.http)
├── 401 sign_in_refused           the answer belongs to another sign-in, or came too late (brb_api_gateway.errors)
├── 403 sign_in_not_allowed       the issuer knows the person, the provider's settings do not let him in
├── 502 issuer_misconfigured      what the issuer says, or our registration there, is wrong: for an administrator
├── 502 id_token_refused          the issuer's ID token does not hold
└── 503 issuer_unavailable        try again
"""

from brb_shared.http import Problem

_ADMINISTRATOR = "this is for the platform's administrators, see the runbook sign-in-with-oidc"


def not_allowed(detail: str) -> Problem:
    return Problem(403, "sign_in_not_allowed", detail, user_fixable=True)


def misconfigured(issuer: str, what: str) -> Problem:
    """`what` completes the sentence `The identity provider <issuer> …`."""
    return Problem(502, "issuer_misconfigured", f"The identity provider {issuer} {what}; {_ADMINISTRATOR}")


def token_refused(issuer: str, why: str) -> Problem:
    detail = f"The ID token that the identity provider {issuer} gave is refused: {why}; {_ADMINISTRATOR}"
    return Problem(502, "id_token_refused", detail)


def unavailable(issuer: str, why: str) -> Problem:
    detail = f"The identity provider {issuer} {why}; try again in a minute"
    return Problem(503, "issuer_unavailable", detail, headers={"Retry-After": "60"})
