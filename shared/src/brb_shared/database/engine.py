"""The engine and its sessions."""

from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import event, text
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
_CONNECT_TIMEOUT_SECONDS = 10
_COMMAND_TIMEOUT_SECONDS = 30


class Database:
    """One service's connections; every statement has a timeout of 30 s."""

    def __init__(self, url: str, schema: str, pool_size: int = 10) -> None:
        self.url = url
        self.schema = schema
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            json_serializer=_to_json,
            json_deserializer=from_json,  # several times as fast as the standard library's
            connect_args={"timeout": _CONNECT_TIMEOUT_SECONDS, "command_timeout": _COMMAND_TIMEOUT_SECONDS},
        )
        event.listen(self.engine.sync_engine, "checkout", _require_open)
        self.sessions = async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)
        self.reading = async_sessionmaker(
            self.engine.execution_options(isolation_level="AUTOCOMMIT"), class_=AsyncSession, expire_on_commit=False
        )
        """For reads that need no moment in common: each statement stands alone, without the round trips of a
        transaction's begin and end."""

    async def is_up(self) -> bool:
        try:
            async with self.engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def dispose(self) -> None:
        await self.engine.dispose()


def _to_json(value: Any) -> str:
    return to_json(value).decode()


def _require_open(connection: Any, _record: Any, _proxy: Any) -> None:
    """The pool replaces a connection that PostgreSQL has closed.

    asyncpg knows by itself that the other side is gone. SQLAlchemy's own `pool_pre_ping` asks over the wire: three
    round trips, as many as a small transaction has.
    Source: SQLAlchemy documentation, "Dealing with Disconnects", custom pessimistic ping.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError("PostgreSQL has closed this connection")
