"""A pass over one certificate. Read this file first.

    due? ── pauses, limits, CAA ── account ── intent ── order ── proofs in the zone ── finalize ── download ── current

The order's URL and state are recorded, so every pass goes on where the last one ended, whoever ran it. No pass waits
for the authority or for the zone: it comes back. A failure is a condition with a pause, never an end.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from brb_dns.certificates.certificate import Attempt, Count, Event
from brb_dns.certificates.conditions import Outcome, conditions_of
from brb_dns.certificates.errors import AccountGone, OrderGone, RateLimited, Refused
from brb_dns.certificates.renewal import hold_for, pause_after
from brb_dns.certificates.scope import Current, Equipment, Scope, Step, Waiting
from brb_dns.certificates.steps.account import ensure_account, ensure_contact, forget_registration
from brb_dns.certificates.steps.due import (
    OrderOverdue,
    life_left,
    observe_order_age,
    require_authority,
    require_caa,
    require_due,
    require_limits,
    require_turn,
)
from brb_dns.certificates.steps.order import (
    ensure_finalized,
    ensure_intent,
    ensure_issued,
    ensure_order,
    observe_order,
)
from brb_dns.certificates.steps.proofs import abandon_order, ensure_proved
from brb_dns.certificates.steps.removal import remove_certificate
from brb_shared.contracts.happened import Severity
from brb_shared.reconcile import Absent, Again, Lease, ReconcileError, Result, Settled

log = structlog.get_logger()

ISSUE: tuple[Step, ...] = (
    require_authority,
    ensure_contact,
    observe_order_age,
    require_due,
    require_turn,
    require_limits,
    require_caa,
    ensure_account,
    ensure_intent,
    ensure_order,
    observe_order,
    ensure_proved,
    ensure_finalized,
    ensure_issued,
)

_SHORTEST = timedelta(milliseconds=100)
_LONGEST_SLEEP = timedelta(hours=12)
_LONGEST_COMMON_HOLD = timedelta(minutes=5)
"""How long all certificates wait because of one that was rate limited: the limit may be that one's own."""


class CertificateReconciler:
    """Implements `brb_shared.reconcile.Reconciler`."""

    def __init__(self, equipment: Equipment) -> None:
        self._equipment = equipment

    async def reconcile(self, key: str, lease: Lease) -> Result:
        certificate = await self._equipment.records.load(key)
        if certificate is None:
            return Absent()
        scope = Scope(certificate, lease, self._equipment)
        with structlog.contextvars.bound_contextvars(certificate=certificate.name):
            if not certificate.wanted:
                await remove_certificate(scope)
                return Absent()
            outcome = await self._walk(scope)
            await self._publish(scope, outcome)
            return _result(outcome, scope.now)

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        """Say the error; what had come before it in the pass is stored already."""
        certificate = await self._equipment.records.load(key)
        if certificate is not None:
            await self._publish(Scope(certificate, lease, self._equipment), error)

    async def _walk(self, scope: Scope) -> Waiting | Current:
        try:
            for step in ISSUE:
                outcome = await step(scope)
                if outcome is not None:
                    return outcome
        except AccountGone:
            await forget_registration(scope)
            await abandon_order(scope)
            return Waiting(_SHORTEST, "Registering", "The authority has lost the account; it is registered anew")
        except OrderGone as error:
            await abandon_order(scope)
            return Waiting(_SHORTEST, "Ordering", error.message)
        except RateLimited as error:
            return await self._hold(scope, error)
        except (Refused, OrderOverdue) as error:
            return await self._fail(scope, error)
        raise AssertionError("the last step ends the walk")

    async def _hold(self, scope: Scope, error: RateLimited) -> Waiting:
        """Nobody may shorten the pause that the authority asks for; the others only slow down."""
        failures = scope.certificate.failures + 1
        pause = hold_for(error.retry_after_seconds, failures, jitter=self._equipment.jitter())
        await scope.save(_failed(error), failures=failures, held_until=scope.now + pause)
        account = await scope.records.load_account(scope.authority.directory)
        if account is not None:
            held = scope.now + min(pause, _LONGEST_COMMON_HOLD)
            await scope.records.change_account(replace(account, held_until=held))
        return Waiting.after_error(error, pause)

    async def _fail(self, scope: Scope, error: ReconcileError) -> Waiting:
        """The order is dead: nothing of it stays, and the next one comes after a pause that grows."""
        await abandon_order(scope)
        failures = scope.certificate.failures + 1
        left = life_left(scope.certificate, scope)
        pause = pause_after(failures, left=left, jitter=self._equipment.jitter())
        count = Count(Attempt.FAILED, scope.authority.directory)
        await scope.save(_failed(error), count, failures=failures, retry_at=scope.now + pause)
        log.warning("No certificate", code=error.code, error=error.message, failures=failures)
        return Waiting.after_error(error, pause)

    async def _publish(self, scope: Scope, outcome: Outcome) -> None:
        conditions = conditions_of(scope.certificate, outcome, scope.now)
        if conditions != scope.certificate.conditions:
            await scope.save(conditions=conditions)


def _result(outcome: Waiting | Current, now: datetime) -> Result:
    if isinstance(outcome, Waiting):
        return Again(max(outcome.after, _SHORTEST), outcome.reason)
    return Settled(min(max(outcome.until - now, _SHORTEST), _LONGEST_SLEEP))


def _failed(error: ReconcileError) -> Event:
    return Event("CertificateFailed", error.message, Severity.WARNING, error.code)
