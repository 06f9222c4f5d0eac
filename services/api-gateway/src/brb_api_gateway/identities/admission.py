"""Who is let in: users and identity providers that are not disabled, each user by the provider he belongs to."""

from collections.abc import Collection
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.identities import repository
from brb_api_gateway.identities.identity import Identity
from brb_api_gateway.identities.models import UserRow
from brb_shared.http import Problem

log = structlog.get_logger()

MOST_GROUPS = 200
"""Each is an entry in the certificate of a kubeconfig and in the tokens between services, which have to stay small."""


async def admit(session: AsyncSession, identity: Identity, vouched_by: Collection[str] = ()) -> UserRow:
    """In the transaction that makes the session. Raises Problem 403.

    `vouched_by`: other providers that know the same user, as one Keystone that is registered as two clouds.
    """
    if await repository.provider_disabled_at(session, identity.identity_provider) is not None:
        raise provider_disabled()
    known = {identity.identity_provider, *vouched_by}
    user = await repository.note_sign_in(session, identity, _limited(identity), known)
    if user is None:
        raise _of_another_provider()
    require_enabled(user, None)
    return user


def require_enabled(user: UserRow, provider_disabled_at: datetime | None) -> None:
    """Raises Problem 403."""
    if user.disabled_at is not None:
        raise user_disabled()
    if provider_disabled_at is not None:
        raise provider_disabled()


def user_disabled() -> Problem:
    detail = "This user is disabled; an administrator of the platform can enable it again"
    return Problem(403, "user_disabled", detail, user_fixable=True)


def provider_disabled() -> Problem:
    detail = "This identity provider is disabled; sign in with another one, see GET /v1/sign-in-choices"
    return Problem(403, "identity_provider_disabled", detail, user_fixable=True)


def _of_another_provider() -> Problem:
    detail = "Another identity provider has a user of this id, so this one cannot sign in; tell an administrator"
    return Problem(403, "user_of_another_provider", detail, user_fixable=True)


def _limited(identity: Identity) -> list[str]:
    groups = sorted(set(identity.groups))
    if len(groups) > MOST_GROUPS:
        log.warning("Too many groups; the rest is left out", user_id=identity.user_id, groups=len(groups))
    return groups[:MOST_GROUPS]
