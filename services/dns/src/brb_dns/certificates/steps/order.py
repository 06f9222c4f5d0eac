"""The order: intended, made or found again, looked at, finalized, downloaded."""

from datetime import timedelta

import structlog

from brb_dns.certificates.certificate import Attempt, Count, Event, Issued, Order
from brb_dns.certificates.errors import Refused
from brb_dns.certificates.keys import Leaf, new_key, read_leaf
from brb_dns.certificates.ports import Status
from brb_dns.certificates.renewal import ASK_INTERVAL, renewal_time
from brb_dns.certificates.scope import LONGEST_POLL, Current, Scope, StepResult, Waiting
from brb_dns.certificates.steps.proofs import withdraw_proofs

log = structlog.get_logger()


async def ensure_intent(scope: Scope) -> StepResult:
    """Write down that there will be an order, and the key of its certificate, before the authority hears of it."""
    if scope.certificate.order is None:
        issued = scope.certificate.issued
        replaced = issued is not None and issued.directory == scope.authority.directory
        order = Order(
            directory=scope.authority.directory,
            key_sealed=scope.seal_key(new_key()),
            began_at=scope.now,
            replaces=issued.fullchain_pem if issued and replaced else None,
        )
        await scope.save(order=order)
        scope.began_order = True
    return None


async def ensure_order(scope: Scope) -> StepResult:
    """Orders are not idempotent at the authority: one that a crash may have left there is looked for first."""
    if scope.order.url is not None:
        return None
    names = scope.certificate.names
    url = None if scope.began_order else await scope.authority.find_order(scope.login, names)
    if url is None:
        log.info("Ordering a certificate", certificate=scope.certificate.name)
        url = (await scope.authority.new_order(scope.login, names, scope.order.replaces)).url
    await scope.save_order(Count(Attempt.ORDERED, scope.authority.directory), url=url)
    return None


async def observe_order(scope: Scope) -> StepResult:
    """Raises OrderGone, or Refused when the authority has ended it."""
    assert scope.order.url is not None
    scope.seen = await scope.authority.order(scope.login, scope.order.url)
    return None


async def ensure_finalized(scope: Scope) -> StepResult:
    """All is proved: the TXT records go, the signing request is sent."""
    assert scope.seen is not None
    await withdraw_proofs(scope)
    if scope.seen.status is Status.READY:
        await _finalize(scope)
    if scope.seen.status is not Status.VALID:
        return Waiting(poll_after(scope), "Finalizing", "The certificate authority signs the certificate")
    return None


async def ensure_issued(scope: Scope) -> StepResult:
    """Download, check against key and names, store."""
    assert scope.seen is not None
    assert scope.seen.certificate_url is not None
    chain = await scope.authority.download(scope.login, scope.seen.certificate_url)
    leaf = read_leaf(chain, scope.open_key(scope.order.key_sealed), scope.certificate.names)
    issued = _issued(scope, chain, leaf)
    renewed = scope.certificate.issued is not None
    text = f"*.{scope.certificate.name} is valid until {leaf.not_after.isoformat(timespec='seconds')}"
    event = Event("CertificateRenewed" if renewed else "CertificateIssued", text)
    count = Count(Attempt.RENEWED if renewed else Attempt.ISSUED, scope.authority.directory)
    await scope.save(event, count, issued=issued, order=None, failures=0, retry_at=None, held_until=None)
    return Current(min(issued.renew_at, issued.ask_at))


def poll_after(scope: Scope) -> timedelta:
    """What the authority asked for, within reason."""
    asked = scope.seen.retry_after_seconds if scope.seen else None
    return max(scope.poll_interval, min(timedelta(seconds=asked or 0), LONGEST_POLL))


async def _finalize(scope: Scope) -> None:
    assert scope.seen is not None
    key = scope.open_key(scope.order.key_sealed)
    try:
        await scope.authority.finalize(scope.login, scope.seen, key, scope.certificate.names)
    except Refused as error:
        if error.kind != "orderNotReady":  # sent before, and on its way
            raise


def _issued(scope: Scope, chain: str, leaf: Leaf) -> Issued:
    """The authority is asked for its advice soon, but not in the pass that has just ended an order."""
    fraction, jitter = scope.settings.acme_renewal_fraction, scope.equipment.jitter()
    renew_at = renewal_time(leaf.not_before, leaf.not_after, fraction=fraction, jitter=jitter)
    soon = min(ASK_INTERVAL, (renew_at - scope.now) / 2)
    return Issued(
        directory=scope.order.directory,
        fullchain_pem=chain,
        key_sealed=scope.order.key_sealed,
        serial=leaf.serial,
        not_before=leaf.not_before,
        not_after=leaf.not_after,
        renew_at=renew_at,
        ask_at=scope.now + max(soon, scope.settings.acme_poll_interval),
    )
