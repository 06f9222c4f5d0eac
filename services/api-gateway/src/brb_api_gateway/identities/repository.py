"""SQL of users, identity providers and the break-glass password."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.identities.identity import Identity
from brb_api_gateway.identities.models import BreakGlassRow, IdentityProviderRow, UserRow
from brb_api_gateway.sessions.models import SessionRow
from brb_api_gateway.tokens.models import ApiTokenRow

Row = TypeVar("Row", SessionRow, ApiTokenRow)


async def note_sign_in(
    session: AsyncSession, identity: Identity, groups: list[str], vouched_by: Collection[str]
) -> UserRow | None:
    """The user, made or brought up to date. None: he belongs to a provider that is none of `vouched_by`.

    The row stays locked, so that a user who is being disabled does not slip in.
    """
    told = {"name": identity.name, "email": identity.email, "groups": groups}
    made = insert(UserRow).values(
        id=identity.user_id,
        identity_provider=identity.identity_provider,
        subject=identity.subject,
        created_at=func.now(),
        last_signed_in_at=func.now(),
        **told,
    )
    upsert = made.on_conflict_do_update(
        index_elements=["id"],
        set_={**told, "last_signed_in_at": func.now()},
        where=UserRow.identity_provider.in_(vouched_by),
    )
    found = await session.scalars(upsert.returning(UserRow), execution_options={"populate_existing": True})
    return found.one_or_none()


async def provider_disabled_at(session: AsyncSession, provider_id: str) -> datetime | None:
    """Locks its row, if there is one: it cannot be disabled at the same time."""
    query = select(IdentityProviderRow.disabled_at).where(IdentityProviderRow.id == provider_id)
    return (await session.scalars(query.with_for_update(read=True))).one_or_none()


def with_user(model: type[Row]) -> Select[Row, UserRow, datetime | None]:
    """Sessions or API tokens, whose they are, and when the provider that vouched for him was disabled."""
    query = select(model, UserRow, IdentityProviderRow.disabled_at).join(UserRow, UserRow.id == model.user_id)
    return query.outerjoin(IdentityProviderRow, IdentityProviderRow.id == model.identity_provider)


async def find_user(session: AsyncSession, user_id: str, *, lock: bool = False) -> UserRow | None:
    return await session.get(UserRow, user_id, with_for_update=lock or None)


async def list_users(
    session: AsyncSession, *, after: str, limit: int, identity_provider: str | None, disabled: bool | None
) -> Sequence[UserRow]:
    query = select(UserRow).where(UserRow.id > after)
    if identity_provider is not None:
        query = query.where(UserRow.identity_provider == identity_provider)
    if disabled is not None:
        query = query.where(UserRow.disabled_at.is_not(None) if disabled else UserRow.disabled_at.is_(None))
    return (await session.scalars(query.order_by(UserRow.id).limit(limit))).all()


async def find_provider(session: AsyncSession, provider_id: str, *, lock: bool = False) -> IdentityProviderRow | None:
    """Also one that was deleted."""
    return await session.get(IdentityProviderRow, provider_id, with_for_update=lock or None)


async def list_providers(session: AsyncSession) -> Sequence[IdentityProviderRow]:
    query = select(IdentityProviderRow).where(IdentityProviderRow.deleted_at.is_(None))
    return (await session.scalars(query)).all()


async def add_provider(session: AsyncSession, row: IdentityProviderRow) -> bool:
    """False: its id is taken, also by one that was deleted. `row` does not become part of the session."""
    values = {column.key: getattr(row, column.key) for column in IdentityProviderRow.__table__.columns}
    made = insert(IdentityProviderRow).values(values).on_conflict_do_nothing().returning(IdentityProviderRow.id)
    return (await session.scalars(made)).one_or_none() is not None


async def remove_sessions(session: AsyncSession, **whose: str) -> Sequence[str]:
    return (await session.scalars(delete(SessionRow).filter_by(**whose).returning(SessionRow.id))).all()


async def remove_tokens(session: AsyncSession, **whose: str) -> dict[str, str | None]:
    """Their ids, each with its application credential's."""
    removed = delete(ApiTokenRow).filter_by(**whose).returning(ApiTokenRow.id, ApiTokenRow.credential_id)
    return {row.id: row.credential_id for row in await session.execute(removed)}


async def find_break_glass(session: AsyncSession) -> BreakGlassRow | None:
    """Locked: whoever comes second finds nothing."""
    return (await session.scalars(select(BreakGlassRow).with_for_update())).one_or_none()


async def replace_break_glass(session: AsyncSession, row: BreakGlassRow) -> None:
    await session.execute(text("LOCK TABLE api_gateway.break_glass IN EXCLUSIVE MODE"))  # there is never a second one
    await session.execute(delete(BreakGlassRow))
    session.add(row)
