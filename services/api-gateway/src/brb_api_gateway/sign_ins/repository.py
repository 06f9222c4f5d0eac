"""SQL of sign-ins. What is taken is gone: of two who come with the same state or code, one gets it."""

from datetime import datetime

from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.sign_ins.models import SignInCodeRow, SignInRow


async def add(session: AsyncSession, row: SignInRow | SignInCodeRow) -> None:
    session.add(row)


async def take(session: AsyncSession, state_hash: bytes) -> SignInRow | None:
    taken = delete(SignInRow).where(SignInRow.state_hash == state_hash, SignInRow.expires_at > func.now())
    return (await session.scalars(taken.returning(SignInRow))).one_or_none()


async def take_code(session: AsyncSession, code_hash: bytes) -> SignInCodeRow | None:
    taken = delete(SignInCodeRow).where(SignInCodeRow.code_hash == code_hash, SignInCodeRow.expires_at > func.now())
    return (await session.scalars(taken.returning(SignInCodeRow))).one_or_none()


async def remove_expired(session: AsyncSession, before: datetime) -> None:
    for model in (SignInRow, SignInCodeRow):
        await session.execute(delete(model).where(model.expires_at < before))
