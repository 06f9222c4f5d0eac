"""Identity providers that the platform's configuration makes: each cloud's Keystone, and the break-glass administrator.

They are not made, changed or deleted by the API, only disabled. A row keeps that.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from brb_api_gateway.clouds.registry import CloudRegistry
from brb_api_gateway.identities.identity import LOCAL, ProviderKind, keystone_provider
from brb_api_gateway.identities.models import IdentityProviderRow


class StandingProviders:
    def __init__(self, clouds: CloudRegistry, *, break_glass: bool) -> None:
        keystones = {keystone_provider(id_): cloud.display_name for id_, cloud in clouds.all().items()}
        self._keystones = keystones
        self._local = {LOCAL: "Break-glass administrator"} if break_glass else {}

    def find(self, provider_id: str) -> IdentityProviderRow | None:
        """As it is without a row of its own."""
        if provider_id in self._keystones:
            return _row(provider_id, ProviderKind.KEYSTONE, self._keystones[provider_id])
        if provider_id in self._local:
            return _row(provider_id, ProviderKind.LOCAL, self._local[provider_id])
        return None

    def among(self, kept: Iterable[IdentityProviderRow]) -> list[IdentityProviderRow]:
        """Together with the rows of issuers, by id. Rows of what is not configured any more are left out."""
        standing = {id_: self.find(id_) for id_ in (*self._keystones, *self._local)}
        found = {id_: row for id_, row in standing.items() if row is not None}
        for row in kept:
            if row.id in found or row.kind == ProviderKind.OIDC:
                found[row.id] = row
        return [found[id_] for id_ in sorted(found)]


def _row(provider_id: str, kind: ProviderKind, display_name: str) -> IdentityProviderRow:
    return IdentityProviderRow(
        id=provider_id,
        kind=kind,
        display_name=display_name,
        scopes=[],
        name_claim="",
        groups_claim="",
        allowed_groups=[],
        generation=0,
        created_at=datetime.now(UTC),
    )
