"""The account at the authority: registered once, its key sealed at rest."""

from dataclasses import replace

import structlog

from brb_dns.certificates.certificate import Account
from brb_dns.certificates.errors import RateLimited
from brb_dns.certificates.keys import new_key
from brb_dns.certificates.ports import Login
from brb_dns.certificates.scope import Equipment, Scope, StepResult, Waiting
from brb_shared.reconcile import ReconcileError

log = structlog.get_logger()

_OBJECT, _FIELD = "acme_account", "key"


async def ensure_account(scope: Scope) -> StepResult:
    """The key is stored before the registration, which the authority answers the same way for the same key."""
    account = await scope.records.load_account(scope.authority.directory)
    if account is None:
        account = await scope.records.add_account(_new_account(scope.equipment, scope.authority.directory))
    if account.held_until is not None and account.held_until > scope.now:
        error = RateLimited("The certificate authority asked the platform to slow down; it goes on by itself", None)
        return Waiting.after_error(error, account.held_until - scope.now)
    scope.login_ = await _login(scope, account)
    return None


async def ensure_contact(scope: Scope) -> StepResult:
    """The authority has the settings' mail address. No certificate waits for that: the next pass tries again."""
    account = await scope.records.load_account(scope.authority.directory)
    contact = scope.settings.acme_contact
    if account is None or account.uri is None or account.contact == contact:
        return None
    login = Login(open_account_key(scope.equipment, account), account.uri)
    try:
        await scope.authority.change_contact(login, contact)
    except ReconcileError as error:
        log.warning("The contact is not changed", directory=account.directory, error=error.message)
        return None
    await scope.records.change_account(replace(account, contact=contact))
    return None


async def forget_registration(scope: Scope) -> None:
    """The authority does not know the account any more: the next pass registers the same key anew."""
    account = await scope.records.load_account(scope.authority.directory)
    if account is not None:
        await scope.records.change_account(replace(account, uri=None))


def open_account_key(equipment: Equipment, account: Account) -> bytes:
    return equipment.keyring.open(account.key_sealed, tenant=account.directory, obj=_OBJECT, field=_FIELD)


async def _login(scope: Scope, account: Account) -> Login:
    key_pem = open_account_key(scope.equipment, account)
    if account.uri is None:
        uri = await scope.authority.register(key_pem)
        account = replace(account, uri=uri, contact=scope.settings.acme_contact)
        await scope.records.change_account(account)
    assert account.uri is not None
    return Login(key_pem, account.uri)


def _new_account(equipment: Equipment, directory: str) -> Account:
    sealed = equipment.keyring.seal(new_key(), tenant=directory, obj=_OBJECT, field=_FIELD)
    return Account(directory, sealed)
