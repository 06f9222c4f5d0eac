"""PostgreSQL's NOTIFY and LISTEN: a commit in one process wakes a loop in another without polling."""

import asyncio
from collections.abc import Callable, Sequence

import asyncpg
import structlog
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from brb_shared.cancellation import raise_if_cancelled

log = structlog.get_logger()

_RECONNECT_SECONDS = 1.0
_PROBE_SECONDS = 15.0


def notification(channel: str, payload: str = "") -> ColumnElement[None]:
    """Put it into the `returning` of a write: the listeners of `channel` are told when that transaction commits.

    A write that touches no row tells nobody. PostgreSQL tells the same payload once a transaction.
    """
    return func.pg_notify(channel, payload)


async def notify(session: AsyncSession, channel: str, payload: str = "") -> None:
    """Tell the listeners of `channel` when the caller's transaction commits."""
    await session.execute(select(notification(channel, payload)))


async def listen(url: str, channels: Sequence[str], on_notify: Callable[[str, str], None]) -> None:
    """Call `on_notify(channel, payload)` for each notification; runs until cancelled.

    After every (re)connection it calls `on_notify(channel, "")` for each channel, because notifications sent while
    nobody listened are lost: the receiver looks at its tables then.
    """
    while True:
        raise_if_cancelled()
        try:
            await _listen_once(url, channels, on_notify)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.warning("Listening again after a lost connection", error=str(error))
            await asyncio.sleep(_RECONNECT_SECONDS)


async def _listen_once(url: str, channels: Sequence[str], on_notify: Callable[[str, str], None]) -> None:
    dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(dsn, timeout=10, command_timeout=10)
    try:
        for channel in channels:
            await connection.add_listener(channel, lambda _connection, _pid, name, payload: on_notify(name, payload))
            on_notify(channel, "")
        while True:
            await asyncio.sleep(_PROBE_SECONDS)
            await connection.execute("SELECT 1")
    finally:
        connection.terminate()
