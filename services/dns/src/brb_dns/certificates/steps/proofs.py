"""The proof of control: TXT values at `_acme-challenge.<name>`, published, seen on every server, answered, withdrawn.

Each value is written down before it is published and until it is withdrawn: none is forgotten in the zone.
"""

import asyncio

from brb_dns.certificates.certificate import Proof
from brb_dns.certificates.errors import Refused, refusal
from brb_dns.certificates.ports import AuthorizationSeen, Status
from brb_dns.certificates.scope import Scope, StepResult, Waiting
from brb_shared.reconcile import ReconcileError

_PREFIX = "_acme-challenge."
_DEAD = (Status.INVALID, Status.DEACTIVATED, Status.EXPIRED, Status.REVOKED)


async def ensure_proved(scope: Scope) -> StepResult:
    """The wildcard and the bare name are proved at one TXT name, with a value each."""
    seen = scope.seen
    assert seen is not None
    if seen.status not in (Status.PENDING, Status.INVALID):
        return None
    authorizations = await _authorizations(scope)
    if seen.status is Status.INVALID or any(one.status in _DEAD for one in authorizations):
        raise _why_invalid(seen.error, authorizations)
    pending = [one for one in authorizations if one.status is Status.PENDING]
    waiting = await _ensure_visible(scope, pending)
    if waiting is not None:
        return waiting
    await _answer(scope, pending)
    return Waiting(scope.poll_interval, "Validating", "The certificate authority looks at the zone")


async def withdraw_proofs(scope: Scope) -> None:
    """Idempotent: every value that was or may have been published goes."""
    order = scope.certificate.order
    if order is None or not order.proofs:
        return
    for proof in order.proofs:
        await scope.equipment.challenges.withdraw(proof.name, proof.value)
    await scope.save_order(proofs=())


async def abandon_order(scope: Scope) -> None:
    """The order is dead or of no use: nothing of it stays in the zone, the next pass begins anew."""
    await withdraw_proofs(scope)
    if scope.certificate.order is not None:
        await scope.save(order=None)


async def _authorizations(scope: Scope) -> list[AuthorizationSeen]:
    assert scope.seen is not None
    urls = scope.seen.authorizations
    return list(await asyncio.gather(*(scope.authority.authorization(scope.login, url) for url in urls)))


async def _ensure_visible(scope: Scope, pending: list[AuthorizationSeen]) -> Waiting | None:
    name = _PREFIX + scope.certificate.name
    proofs = tuple(Proof(name, one.proof) for one in pending)
    if not set(proofs) <= set(scope.order.proofs):
        await scope.save_order(proofs=tuple(dict.fromkeys((*scope.order.proofs, *proofs))))
    for proof in proofs:
        await scope.equipment.challenges.present(proof.name, proof.value, scope.certificate.owner)
    missing = await scope.equipment.answering.missing(name, frozenset(proof.value for proof in proofs))
    if not missing:
        return None
    text = f"The TXT records at {name} are not answered yet by {', '.join(missing)}"
    return Waiting(scope.poll_interval, "WaitingForDNS", text)


async def _answer(scope: Scope, pending: list[AuthorizationSeen]) -> None:
    """Each challenge once: an authority may look again for every answer."""
    for one in pending:
        if one.challenge_status is Status.PENDING and one.challenge_url not in scope.order.answered:
            await scope.authority.answer(scope.login, one.challenge_url)
            await scope.save_order(answered=(*scope.order.answered, one.challenge_url))


def _why_invalid(said: str, authorizations: list[AuthorizationSeen]) -> ReconcileError:
    """The authorization's error says more than the order's."""
    for one in authorizations:
        if one.error:
            error = refusal(one.error_type, f"{one.name}: {one.error}", None)
            return error if isinstance(error, Refused) else refusal("", error.message, None)
    return refusal("", said or "the order has become invalid, without a reason", None)
