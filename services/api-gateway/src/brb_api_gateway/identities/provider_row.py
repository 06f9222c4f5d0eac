"""From what the API takes to the row of an OIDC issuer."""

from datetime import UTC, datetime

from brb_api_gateway.errors import conflict, invalid
from brb_api_gateway.identities.client_secret import seal_client_secret
from brb_api_gateway.identities.identity import LOCAL, ProviderKind, keystone_cloud
from brb_api_gateway.identities.models import IdentityProviderRow
from brb_api_gateway.identities.schemas import IdentityProviderCreate, IdentityProviderPatch
from brb_shared.http import FieldError
from brb_shared.secrets import Keyring

_OF_ISSUERS = ("display_name", "client_id", "scopes", "name_claim", "groups_claim", "allowed_groups")


def require_free_id(provider_id: str) -> None:
    """Raises Problem 422."""
    if provider_id == LOCAL or keystone_cloud(provider_id) is not None:
        detail = "`local` and ids that begin with `keystone-` are the platform's own; choose another"
        raise invalid([FieldError(pointer="/id", detail=detail)])


def require_revivable(row: IdentityProviderRow, body: IdentityProviderCreate) -> None:
    """Users' ids begin with it, and role bindings name them: another issuer would give them to other people.

    Raises Problem 409.
    """
    if row.deleted_at is None:
        raise conflict("name_taken", f"There is an identity provider {row.id}; choose another id")
    if row.issuer != body.issuer:
        detail = f"{row.id} was the id of {row.issuer}, whose users may still have roles; choose another"
        raise conflict("id_was_used", detail)


def new_row(body: IdentityProviderCreate, keyring: Keyring) -> IdentityProviderRow:
    secret = body.client_secret
    return IdentityProviderRow(
        id=body.id,
        kind=body.kind,
        display_name=body.display_name,
        issuer=body.issuer,
        client_id=body.client_id,
        sealed_client_secret=seal_client_secret(keyring, body.id, secret.get_secret_value()) if secret else None,
        scopes=list(body.scopes),
        name_claim=body.name_claim,
        groups_claim=body.groups_claim,
        allowed_groups=list(body.allowed_groups),
        generation=1,
        created_at=datetime.now(UTC),
        disabled_at=None,
        deleted_at=None,
    )


def change_row(row: IdentityProviderRow, body: IdentityProviderPatch, keyring: Keyring) -> None:
    """All but `disabled`. Raises Problem 422 where it is no issuer."""
    given = body.model_fields_set - {"disabled"}
    if given and row.kind != ProviderKind.OIDC:
        detail = "only `disabled` can be changed here"
        raise invalid([FieldError(pointer=f"/{name}", detail=detail) for name in sorted(given)])
    for name, value in body.model_dump(mode="json", include=given.intersection(_OF_ISSUERS)).items():
        setattr(row, name, value)
    if "client_secret" in given:
        secret = body.client_secret
        row.sealed_client_secret = seal_client_secret(keyring, row.id, secret.get_secret_value()) if secret else None
