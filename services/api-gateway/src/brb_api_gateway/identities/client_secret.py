"""The secret that an issuer gave the platform, at rest."""

from brb_api_gateway.identities.models import IdentityProviderRow
from brb_shared.secrets import Keyring, redactor

_TENANT, _FIELD = "platform", "client_secret"


def seal_client_secret(keyring: Keyring, provider_id: str, secret: str) -> bytes:
    return keyring.seal(secret.encode(), tenant=_TENANT, obj=provider_id, field=_FIELD)


def open_client_secret(keyring: Keyring, row: IdentityProviderRow) -> str | None:
    """None: the platform is a public client there."""
    if row.sealed_client_secret is None:
        return None
    secret = keyring.open(row.sealed_client_secret, tenant=_TENANT, obj=row.id, field=_FIELD).decode()
    redactor.add(secret)
    return secret
