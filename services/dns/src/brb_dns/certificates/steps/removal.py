"""The owner is gone: TXT records withdrawn, the certificate revoked while that matters, everything of it forgotten."""

import structlog

from brb_dns.certificates.certificate import Attempt, Count, Event
from brb_dns.certificates.ports import Login
from brb_dns.certificates.scope import Scope
from brb_dns.certificates.steps.account import open_account_key
from brb_dns.certificates.steps.proofs import abandon_order
from brb_shared.contracts.happened import Severity
from brb_shared.reconcile import ReconcileError, TransientError

log = structlog.get_logger()

_TRIES = 30
"""Of a revocation, in a row: with the loop's pauses about two hours. A certificate runs out by itself in the end."""


async def remove_certificate(scope: Scope) -> None:
    """Raises TransientError while the revocation is tried again."""
    await abandon_order(scope)
    if await _must_revoke(scope):
        await _revoke(scope)
    await scope.records.forget(scope.certificate, scope.lease)


async def _must_revoke(scope: Scope) -> bool:
    issued, authority = scope.certificate.issued, scope.equipment.authority
    if issued is None or authority is None or not scope.settings.acme_revoke:
        return False
    return issued.directory == authority.directory and issued.not_after > scope.now


async def _revoke(scope: Scope) -> None:
    account = await scope.records.load_account(scope.authority.directory)
    issued = scope.certificate.issued
    if account is None or account.uri is None or issued is None:
        return
    log.info("Revoking a certificate", certificate=scope.certificate.name, serial=issued.serial)
    try:
        login = Login(open_account_key(scope.equipment, account), account.uri)
        await scope.authority.revoke(login, issued.fullchain_pem)
    except TransientError:
        if scope.lease.failures < _TRIES:
            raise
        await _tell_not_revoked(scope, "the authority did not answer")
    except ReconcileError as error:
        await _tell_not_revoked(scope, error.message)
    else:
        text = f"*.{scope.certificate.name} is revoked, because its owner is gone"
        await scope.save(Event("CertificateRevoked", text), Count(Attempt.REVOKED, issued.directory))


async def _tell_not_revoked(scope: Scope, why: str) -> None:
    issued = scope.certificate.issued
    until = issued.not_after.isoformat(timespec="seconds") if issued else ""
    text = (
        f"*.{scope.certificate.name} could not be revoked ({why}); it is valid until {until}, its key is deleted here"
    )
    await scope.save(Event("CertificateNotRevoked", text, Severity.WARNING))
