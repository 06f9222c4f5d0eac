"""The writer's side of a replicated whole: revisions in commit order, and the beat that says which one is current.

Neighbours: `follower` is the readers' side, `contracts.changes` what travels.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import BigInteger, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from brb_shared.cancellation import raise_if_cancelled
from brb_shared.contracts.changes import Beat
from brb_shared.contracts.registry import Kind
from brb_shared.database.engine import Database
from brb_shared.messaging.broker import Broker, BrokerUnavailable

log = structlog.get_logger()

BEAT_INTERVAL = timedelta(seconds=1)
EMPTY_REVISION = 1
"""The revision of a whole that was never changed; 0 is a reader's that has loaded nothing."""


class RevisionRow:
    """Mixin of a service's table `revision`: the current revision of each whole it writes."""

    __tablename__ = "revision"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class Step:
    previous: int
    revision: int


async def next_revision(session: AsyncSession, model: type[RevisionRow], name: str) -> Step:
    """Take the next revision in the caller's transaction.

    The row stays locked until the commit: writers of the same whole wait for each other, and revisions become
    visible in their order. Take it as late in the transaction as you can.
    """
    statement = insert(model).values(name=name, value=EMPTY_REVISION + 1)
    raised = statement.on_conflict_do_update(index_elements=["name"], set_={"value": model.value + 1})
    revision = (await session.execute(raised.returning(model.value))).scalar_one()
    return Step(previous=revision - 1, revision=revision)


async def current_revision(session: AsyncSession, model: type[RevisionRow], name: str) -> int:
    """EMPTY_REVISION before the first change. A snapshot reads it and the whole in one repeatable-read transaction."""
    return (await session.execute(select(model.value).where(model.name == name))).scalar_one_or_none() or EMPTY_REVISION


class Pulse:
    """Publishes the beat of one kind, from the writer's `work` process."""

    def __init__(
        self,
        database: Database,
        model: type[RevisionRow],
        kind: Kind,
        broker: Broker,
        interval: timedelta = BEAT_INTERVAL,
    ) -> None:
        self._database = database
        self._model = model
        self._kind = kind
        self._broker = broker
        self._interval = interval

    async def run(self) -> None:
        """Run until cancelled. When the database or NATS is silent, so is the beat: readers need to know that."""
        while True:
            raise_if_cancelled()
            try:
                await self._beat()
            except (BrokerUnavailable, DBAPIError, OSError, TimeoutError) as error:
                log.warning("No beat", kind=self._kind.name, error=str(error) or type(error).__name__)
            await asyncio.sleep(self._interval.total_seconds())

    async def _beat(self) -> None:
        async with self._database.sessions() as session:
            revision = await current_revision(session, self._model, self._kind.name)
        await self._broker.send(self._kind.beat_subject, Beat(revision=revision).model_dump_json().encode())
