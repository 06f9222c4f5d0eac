"""Whether there is anything to order now: renewal time, pauses, limits, CAA records."""

from dataclasses import replace
from datetime import timedelta

import structlog

from brb_dns.certificates.certificate import Certificate, Issued
from brb_dns.certificates.errors import RateLimited, caa_forbids
from brb_dns.certificates.limits import limits_of, reached_limit
from brb_dns.certificates.ports import RenewalAdvice
from brb_dns.certificates.renewal import ASK_INTERVAL
from brb_dns.certificates.scope import Current, Scope, StepResult, Waiting
from brb_dns.certificates.steps.proofs import abandon_order
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.reconcile import ReconcileError, TransientError

log = structlog.get_logger()


async def require_authority(scope: Scope) -> StepResult:
    """Raises CertificatesOff."""
    assert scope.authority
    return None


async def observe_order_age(scope: Scope) -> StepResult:
    """An order of another authority, or one that never ends, is given up."""
    order = scope.certificate.order
    if order is None:
        return None
    if order.directory != scope.authority.directory:
        await abandon_order(scope)
    elif scope.now - order.began_at > scope.settings.acme_order_timeout:
        hours = scope.settings.acme_order_timeout / timedelta(hours=1)
        raise OrderOverdue(ErrorCode.INFRA_UNAVAILABLE, f"The order was not done in {hours:g} h; it is made anew")
    return None


class OrderOverdue(TransientError):
    pass


async def require_due(scope: Scope) -> StepResult:
    """Current until the renewal's time, which the authority is asked for every few hours and after a retry."""
    issued = scope.certificate.issued
    if scope.certificate.order is not None or issued is None or issued.directory != scope.authority.directory:
        return None
    if scope.now >= issued.ask_at or scope.certificate.is_retried:
        issued = await _ask_for_renewal_time(scope, issued)
    if scope.now < issued.renew_at:
        return Current(min(issued.renew_at, issued.ask_at))
    return None


async def require_turn(scope: Scope) -> StepResult:
    """A pause of our own ends with a retry; one that the authority asked for does not."""
    if scope.certificate.is_retried:
        await scope.save(seen=scope.certificate.asked, retry_at=None)
    until = scope.certificate.paused_until(scope.now)
    return Waiting(until - scope.now, "Paused") if until is not None else None


async def require_limits(scope: Scope) -> StepResult:
    if scope.certificate.order is not None:
        return None
    limits = limits_of(scope.certificate, scope.authority.directory, scope.settings, scope.now)
    reached = await reached_limit(scope.records, limits)
    if reached is None:
        return None
    pause = (reached.free_at - scope.now) * (1 + scope.equipment.jitter() / 10)
    return Waiting.after_error(RateLimited(reached.message, None), pause)


async def require_caa(scope: Scope) -> StepResult:
    """Asked before the order: a refusal at the authority counts as a failed validation. Raises CaaForbids."""
    if scope.certificate.order is not None:
        return None
    identities = await scope.authority.caa_identities()
    name = scope.certificate.name
    records = await scope.equipment.answering.caa(name) if identities else ()
    for tags in (("issuewild", "issue"), ("issue",)):
        allowed = allowed_issuers(records, tags)
        if allowed is not None and not set(allowed) & {identity.lower() for identity in identities}:
            raise caa_forbids(name, tags[0], identities, allowed)
    return None


def allowed_issuers(records: tuple[tuple[str, str], ...], tags: tuple[str, ...]) -> tuple[str, ...] | None:
    """Whom the first of the tags that is there lets in; None: anyone.

    For wildcards that is `issuewild`, else `issue`; for other names `issue` alone. Source: RFC 8659, section 4.3.
    """
    for tag in tags:
        values = [value for found, value in records if found == tag]
        if values:
            issuers = (value.partition(";")[0].strip().lower() for value in values)
            return tuple(issuer for issuer in issuers if issuer)
    return None


async def _ask_for_renewal_time(scope: Scope, issued: Issued) -> Issued:
    """An authority that cannot say leaves the time as it is: renewal never hangs on the advice."""
    advice = None
    if scope.settings.acme_ask_for_renewal_time:
        advice = await _advice(scope, issued)
    after = timedelta(seconds=advice.ask_after_seconds) if advice else ASK_INTERVAL
    renew_at = min(advice.renew_at, issued.not_after) if advice else issued.renew_at
    changed = replace(issued, renew_at=renew_at, ask_at=scope.now + after)
    await scope.save(issued=changed, seen=scope.certificate.asked)
    return changed


async def _advice(scope: Scope, issued: Issued) -> RenewalAdvice | None:
    try:
        return await scope.authority.renewal_advice(issued.fullchain_pem, scope.now)
    except ReconcileError as error:
        log.info("No renewal information", certificate=scope.certificate.name, error=error.message)
        return None


def life_left(certificate: Certificate, scope: Scope) -> timedelta | None:
    return certificate.issued.not_after - scope.now if certificate.issued else None
