"""SQL of sessions."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.database import SCHEMA
from brb_api_gateway.identities.models import UserRow
from brb_api_gateway.identities.repository import with_user
from brb_api_gateway.sessions.models import SessionRow
from brb_api_gateway.tokens.models import ApiTokenRow
from brb_shared.database import notify

ENDED_CHANNEL = f"brb_{SCHEMA}_session_ended"
"""Each notification's payload is a session's or an API token's id."""


async def add_session(session: AsyncSession, row: SessionRow) -> None:
    session.add(row)


async def find_by_token_hash(
    session: AsyncSession, token_hash: bytes
) -> tuple[SessionRow, UserRow, datetime | None] | None:
    """With its user, and when his identity provider was disabled."""
    living = (SessionRow.token_hash == token_hash, SessionRow.expires_at > func.now())
    found = (await session.execute(with_user(SessionRow).where(*living))).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


async def find_by_id(session: AsyncSession, session_id: str) -> SessionRow | None:
    return await session.get(SessionRow, session_id)


async def newest_password_session(session: AsyncSession, cloud: str, user_id: str) -> SessionRow | None:
    """A live session of the user that may act for his application credentials: not one of such a credential."""
    query = (
        select(SessionRow)
        .where(
            SessionRow.cloud == cloud,
            SessionRow.user_id == user_id,
            SessionRow.method == "password",
            SessionRow.expires_at > func.now(),
        )
        .order_by(SessionRow.expires_at.desc())
        .limit(1)
    )
    return (await session.scalars(query)).one_or_none()


async def remove_session(session: AsyncSession, session_id: str) -> None:
    await session.execute(delete(SessionRow).where(SessionRow.id == session_id))
    await end_what_is_open(session, session_id)


async def end_what_is_open(session: AsyncSession, session_id: str) -> None:
    """Watches in the name of a session or an API token, in every process."""
    await notify(session, ENDED_CHANNEL, session_id)


async def find_living(session: AsyncSession, session_ids: Collection[str]) -> set[str]:
    """Those of them, sessions or API tokens, that have not ended."""
    found: set[str] = set()
    for model in (SessionRow, ApiTokenRow):
        living = select(model.id).where(model.id.in_(session_ids), model.expires_at > func.now())
        found.update(await session.scalars(living))
    return found


async def remove_expired(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(SessionRow).where(SessionRow.expires_at < before))
