"""The guard against doubled and reordered messages."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase


async def upsert_if_newer(
    session: AsyncSession, model: type[DeclarativeBase], *, key: dict[str, Any], revision: int, values: dict[str, Any]
) -> bool:
    """Store `values` under the primary key `key` unless a revision as high is there. True if it was stored."""
    statement = insert(model).values(**key, revision=revision, **values)
    table = model.__table__
    newest = statement.on_conflict_do_update(
        index_elements=list(key),
        set_={"revision": statement.excluded.revision} | {name: statement.excluded[name] for name in values},
        where=statement.excluded.revision > table.c.revision,
    ).returning(table.c.revision)
    return (await session.execute(newest)).scalar_one_or_none() is not None
