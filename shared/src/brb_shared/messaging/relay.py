"""The relay: outbox rows to JetStream, those of a subject in order, each until acknowledged.

It also sees to it that the streams are there. When one had to be made anew, what it held is gone, and `resync` puts
all current states into the outbox again; it does so every ten minutes too, in case a loss went unseen.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError

from brb_shared.cancellation import raise_if_cancelled
from brb_shared.database.engine import Database
from brb_shared.database.notify import listen
from brb_shared.messaging.broker import Broker, BrokerUnavailable, StreamMissing
from brb_shared.messaging.chains import run_chains
from brb_shared.messaging.outbox import OutboxRow, channel_of

log = structlog.get_logger()

RESYNC_INTERVAL = timedelta(minutes=10)
_BATCH = 200
_IDLE = timedelta(seconds=5)
_RETRY = timedelta(seconds=1)

Resync = Callable[[], Awaitable[None]]


class Relay:
    def __init__(self, database: Database, model: type[OutboxRow], broker: Broker, resync: Resync) -> None:
        self._database = database
        self._model = model
        self._broker = broker
        self._resync = resync
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(self._database.url, [channel_of(self._model)], self._on_notify))
            group.create_task(self._watch_streams())
            group.create_task(self._publish_for_ever())

    def _on_notify(self, _channel: str, _payload: str) -> None:
        self._woken.set()

    async def _watch_streams(self) -> None:
        """Check the streams every few seconds; resync when one was lost, and at the interval."""
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            raise_if_cancelled()
            try:
                if await self._broker.ensure_streams() or clock() >= due:
                    await self._resync()
                    due = clock() + RESYNC_INTERVAL.total_seconds()
            except (BrokerUnavailable, DBAPIError, OSError, TimeoutError) as error:
                log.warning("Could not check the streams", error=str(error))
            await asyncio.sleep(_IDLE.total_seconds())

    async def _publish_for_ever(self) -> None:
        while True:
            raise_if_cancelled()
            self._woken.clear()
            pause = await self._turn()
            if pause:
                await self._sleep(pause)

    async def _turn(self) -> timedelta:
        try:
            return timedelta() if await self._publish_batch() == _BATCH else _IDLE
        except StreamMissing:
            log.warning("Streams are missing; they are made anew")
            return _RETRY
        except (BrokerUnavailable, DBAPIError, OSError, TimeoutError) as error:
            log.warning("Could not publish; trying again", error=str(error))
            return _RETRY

    async def _sleep(self, pause: timedelta) -> None:
        try:
            async with asyncio.timeout(pause.total_seconds()):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _publish_batch(self) -> int:
        """Publish the oldest rows; a crash in the middle publishes some again, under the same message id.

        Those of one subject go one after the other; between subjects no order is promised.
        """
        rows = await self._oldest()
        sent: list[int] = []

        async def publish(row: OutboxRow) -> None:
            await self._broker.publish(row.subject, row.body.encode(), row.id)
            sent.append(row.seq)

        try:
            await run_chains(rows, lambda row: row.subject, publish, at_once=_BATCH)
        finally:
            await self._delete(sent)
        return len(rows)

    async def _oldest(self) -> Sequence[OutboxRow]:
        model = self._model
        async with self._database.sessions() as session:
            return (await session.scalars(select(model).order_by(model.seq).limit(_BATCH))).all()

    async def _delete(self, sent: Sequence[int]) -> None:
        if sent:
            async with self._database.sessions.begin() as session:
                await session.execute(delete(self._model).where(self._model.seq.in_(sent)))
