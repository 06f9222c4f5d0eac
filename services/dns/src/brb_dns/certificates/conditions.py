"""What is said of a certificate: a pure function of what is stored and how the pass ended."""

from datetime import datetime

from brb_dns.certificates.certificate import Certificate
from brb_dns.certificates.scope import Current, Waiting
from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType, merge_conditions
from brb_shared.reconcile import ReconcileError

Outcome = Waiting | Current | ReconcileError

_TRUE, _FALSE = ConditionStatus.TRUE, ConditionStatus.FALSE


def conditions_of(certificate: Certificate, outcome: Outcome, now: datetime) -> tuple[Condition, ...]:
    """`Ready`: there is a valid certificate. `UpToDate`: it need not be renewed now, or never failed to be."""
    if isinstance(outcome, Waiting) and outcome.message is None:
        return _expire(certificate, now)
    said = [_ready(certificate, outcome, now), _current(certificate, outcome)]
    return merge_conditions(
        certificate.conditions, [one.model_copy(update={"last_transition_time": now}) for one in said]
    )


def state_of(certificate: Certificate, now: datetime) -> str:
    """One word for people."""
    issued = certificate.issued
    if not certificate.wanted:
        return "deleting"
    if issued is None:
        return "failing" if certificate.failures else "issuing"
    if issued.not_after <= now:
        return "expired"
    if certificate.failures:
        return "renewal failing"
    return "renewing" if certificate.order else "ready"


def _ready(certificate: Certificate, outcome: Outcome, now: datetime) -> Condition:
    issued = certificate.issued
    if issued is not None and issued.not_after > now:
        text = f"Valid until {_shown(issued.not_after)}, renewed from {_shown(issued.renew_at)}"
        return _condition(certificate, ConditionType.READY, _TRUE, "Issued", text)
    if issued is not None:
        now_ = _from_outcome(certificate, ConditionType.READY, outcome)
        text = f"Expired on {_shown(issued.not_after)}. {now_.message}".strip()
        return now_.model_copy(update={"reason": "Expired", "message": text})
    return _from_outcome(certificate, ConditionType.READY, outcome)


def _current(certificate: Certificate, outcome: Outcome) -> Condition:
    if isinstance(outcome, Current):
        return _condition(certificate, ConditionType.UP_TO_DATE, _TRUE, "Current", "No renewal is due")
    return _from_outcome(certificate, ConditionType.UP_TO_DATE, outcome)


def _from_outcome(certificate: Certificate, type_: ConditionType, outcome: Outcome) -> Condition:
    match outcome:
        case Current():
            return _condition(certificate, type_, _FALSE, "NotIssued", "")
        case Waiting(reason=reason, message=message, error=error):
            return _condition(certificate, type_, _FALSE, reason, message or "", error)
        case ReconcileError():
            return _condition(certificate, type_, _FALSE, type(outcome).__name__, outcome.message, outcome)


def _expire(certificate: Certificate, now: datetime) -> tuple[Condition, ...]:
    """While nothing is tried, only the end of the certificate's life is news."""
    issued = certificate.issued
    if issued is None or issued.not_after > now:
        return certificate.conditions
    text = f"Expired on {_shown(issued.not_after)}; it is renewed as soon as the pause after failures ends"
    expired = _condition(certificate, ConditionType.READY, _FALSE, "Expired", text)
    return merge_conditions(certificate.conditions, [expired.model_copy(update={"last_transition_time": now})])


def _condition(
    certificate: Certificate,
    type_: ConditionType,
    status: ConditionStatus,
    reason: str,
    message: str,
    error: ReconcileError | None = None,
) -> Condition:
    return Condition(
        type=type_,
        status=status,
        reason=reason,
        message=message,
        code=error.code if error else None,
        user_fixable=error.user_fixable if error else False,
        observed_generation=certificate.generation,
    )


def _shown(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
