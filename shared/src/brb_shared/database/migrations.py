"""Alembic, run from code: a service's migrations lie in its package as `<package>/migrations/`."""

import asyncio
import time
from collections.abc import Iterable

import asyncpg
import structlog
from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

log = structlog.get_logger()

_SERVER_WAIT_SECONDS = 60.0
_SERVER_RETRY_SECONDS = 0.3
_LOCK = 0x6272625F6D6967  # one migration at a time on a database, whatever the service


async def run_migrations(url: str, script_location: str, schema: str, revision: str = "head") -> None:
    """Bring `schema` up to a revision, by default the newest. Safe to run from several replicas at once.

    `script_location` is alembic's form `package:migrations`. A server that is not there yet is waited for; raises what
    connecting raises when it has not come after a minute.
    """
    await _wait_for_server(url)
    log.info("Migrating", schema=schema)
    await asyncio.to_thread(command.upgrade, _config(url, script_location, schema), revision)


async def _wait_for_server(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    end = time.monotonic() + _SERVER_WAIT_SECONDS
    try:
        while True:
            try:
                async with engine.connect():
                    return
            except (OSError, DBAPIError) as error:
                if time.monotonic() >= end or not _may_pass(error):
                    raise
                log.info("Waiting for PostgreSQL", error=str(error))
            await asyncio.sleep(_SERVER_RETRY_SECONDS)
    finally:
        await engine.dispose()


def _may_pass(error: Exception) -> bool:
    """A wrong password or a database that does not exist will not mend itself."""
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig is not None else error
    return isinstance(cause, (OSError, asyncpg.CannotConnectNowError))


def _config(url: str, script_location: str, schema: str) -> Config:
    config = Config()
    config.set_main_option("script_location", script_location)
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    config.attributes["schema"] = schema
    return config


def run_env(metadata: MetaData) -> None:
    """What a service's `migrations/env.py` calls."""
    attributes = context.config.attributes
    asyncio.run(_run_online(attributes["url"], attributes["schema"], metadata))


async def _run_online(url: str, schema: str, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate, schema, metadata)
    finally:
        await engine.dispose()


def _migrate(connection: Connection, schema: str, metadata: MetaData) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=schema,
        include_schemas=True,
        include_name=lambda name, type_, _parents: type_ != "schema" or name == schema,
    )
    context.run_migrations()


def differences(connection: Connection, schema: str, metadata: MetaData) -> Iterable[object]:
    """What the models have and the migrated database has not, or the other way round; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    migration_context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "version_table_schema": schema,
            "include_name": lambda name, type_, _parents: type_ != "schema" or name == schema,
        },
    )
    found: Iterable[object] = compare_metadata(migration_context, metadata)
    return found
