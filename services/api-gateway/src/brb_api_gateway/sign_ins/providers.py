"""The identity providers that can be signed in with by OIDC."""

from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.errors import invalid
from brb_api_gateway.identities.admission import provider_disabled
from brb_api_gateway.identities.client_secret import open_client_secret
from brb_api_gateway.identities.identity import ProviderKind
from brb_api_gateway.identities.models import IdentityProviderRow
from brb_api_gateway.oidc.provider import Provider
from brb_shared.http import FieldError
from brb_shared.secrets import Keyring


async def require_provider(session: AsyncSession, keyring: Keyring, provider_id: str) -> Provider:
    """Raises Problem 403 where it is disabled, 422 where it is none."""
    row = await session.get(IdentityProviderRow, provider_id)
    if row is None or row.kind != ProviderKind.OIDC or row.deleted_at is not None:
        detail = "name one of the providers of kind oidc in GET /v1/sign-in-choices"
        raise invalid([FieldError(pointer="/identity_provider", detail=detail)])
    if row.disabled_at is not None:
        raise provider_disabled()
    assert row.issuer is not None
    assert row.client_id is not None
    return Provider(
        id=row.id,
        issuer=row.issuer,
        client_id=row.client_id,
        client_secret=open_client_secret(keyring, row),
        scopes=tuple(row.scopes),
        name_claim=row.name_claim,
        groups_claim=row.groups_claim,
        allowed_groups=tuple(row.allowed_groups),
    )
