"""SQL of API tokens. They are their maker's alone, whatever project they are for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.identities.models import UserRow
from brb_api_gateway.identities.repository import with_user
from brb_api_gateway.sessions.principal import Principal
from brb_api_gateway.tokens.models import ApiTokenRow

_USE_INTERVAL = timedelta(minutes=1)


async def add(session: AsyncSession, row: ApiTokenRow) -> None:
    session.add(row)


async def find_living(session: AsyncSession, token_hash: bytes) -> tuple[ApiTokenRow, UserRow, datetime | None] | None:
    """With its user, and when his identity provider was disabled."""
    living = (ApiTokenRow.token_hash == token_hash, ApiTokenRow.expires_at > func.now())
    found = (await session.execute(with_user(ApiTokenRow).where(*living))).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


async def find(session: AsyncSession, token_id: str) -> ApiTokenRow | None:
    return await session.get(ApiTokenRow, token_id)


async def list_own(session: AsyncSession, principal: Principal) -> Sequence[ApiTokenRow]:
    return (await session.scalars(_own(principal).order_by(ApiTokenRow.created_at, ApiTokenRow.id))).all()


async def find_own(session: AsyncSession, principal: Principal, token_id: str) -> ApiTokenRow | None:
    return (await session.scalars(_own(principal).where(ApiTokenRow.id == token_id))).one_or_none()


async def note_use(session: AsyncSession, token_id: str) -> None:
    """At most once a minute, so that reading does not become writing."""
    stale = or_(ApiTokenRow.last_used_at.is_(None), ApiTokenRow.last_used_at < func.now() - _USE_INTERVAL)
    used = update(ApiTokenRow).where(ApiTokenRow.id == token_id, stale).values(last_used_at=func.now())
    await session.execute(used)


async def remove(session: AsyncSession, token_id: str) -> None:
    await session.execute(delete(ApiTokenRow).where(ApiTokenRow.id == token_id))


async def remove_expired(session: AsyncSession, before: datetime) -> Sequence[str]:
    """The ids of the credentials that go with them."""
    expired = delete(ApiTokenRow).where(ApiTokenRow.expires_at < before).returning(ApiTokenRow.credential_id)
    return [credential_id for credential_id in await session.scalars(expired) if credential_id is not None]


def _own(principal: Principal) -> Select[ApiTokenRow]:
    return select(ApiTokenRow).where(ApiTokenRow.user_id == principal.user_id)
