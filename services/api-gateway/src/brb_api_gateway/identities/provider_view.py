"""From a row to what the API shows of an identity provider. Pure."""

from brb_api_gateway.identities.identity import ProviderKind
from brb_api_gateway.identities.models import IdentityProviderRow
from brb_api_gateway.identities.schemas import IdentityProviderView, SignInChoice


def choice_view(row: IdentityProviderRow) -> SignInChoice:
    return SignInChoice(id=row.id, kind=ProviderKind(row.kind), display_name=row.display_name)


def provider_view(row: IdentityProviderRow) -> IdentityProviderView:
    is_made = row.kind == ProviderKind.OIDC
    return IdentityProviderView(
        id=row.id,
        kind=ProviderKind(row.kind),
        display_name=row.display_name,
        disabled=row.disabled_at is not None,
        disabled_at=row.disabled_at,
        generation=row.generation,
        created_at=row.created_at if is_made else None,
        issuer=row.issuer,
        client_id=row.client_id,
        has_client_secret=row.sealed_client_secret is not None,
        scopes=row.scopes,
        name_claim=row.name_claim or None,
        groups_claim=row.groups_claim or None,
        allowed_groups=row.allowed_groups,
    )
