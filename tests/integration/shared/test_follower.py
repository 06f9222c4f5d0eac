"""A whole replicated by changes and beats, over real PostgreSQL and NATS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import MetaData, Text, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateSchema

from brb_shared.contracts.changes import Revised
from brb_shared.contracts.registry import Kind, Service, Stream
from brb_shared.database import Database
from brb_shared.messaging import Broker, NatsSettings, Outbox, OutboxRow, Relay
from brb_shared.messaging.changes import Pulse, RevisionRow, current_revision, next_revision
from brb_shared.messaging.follower import Follower
from brb_shared.testing.servers import NatsServer
from fakes.gateway import stop

SCHEMA = "follower_test"
QUICK = timedelta(milliseconds=100)


class WordAdded(Revised):
    word: str


WORDS = Kind(Stream.CHANGES, "words", WordAdded, Service.DNS, frozenset({Service.DNS}), "Words")


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA)


class Message(OutboxRow, Base):
    pass


class Revision(RevisionRow, Base):
    pass


class Word(Base):
    __tablename__ = "word"
    word: Mapped[str] = mapped_column(Text, primary_key=True)


class Writer:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.outbox = Outbox(Message, Service.DNS)

    async def add(self, word: str, *, told: bool = True) -> None:
        """`told` False: committed, and the message lost on its way."""
        async with self.database.sessions.begin() as session:
            session.add(Word(word=word))
            step = await next_revision(session, Revision, "words")
            if told:
                change = WordAdded(revision=step.revision, previous=step.previous, word=word)
                await self.outbox.add(session, WORDS, change, cluster_id="all", revision=step.revision, generation=0)

    async def snapshot(self) -> tuple[int, set[str]]:
        async with self.database.sessions() as session:
            await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            revision = await current_revision(session, Revision, "words")
            return revision, set(await session.scalars(select(Word.word)))


class Words:
    """The replica. It counts how often it had to load the whole."""

    def __init__(self, writer: Writer) -> None:
        self.revision = 0
        self.words: set[str] = set()
        self.loads = 0
        self.failures_to_come = 0
        self._writer = writer

    async def load(self) -> None:
        if self.failures_to_come:
            self.failures_to_come -= 1
            raise OSError("the writer does not answer")
        self.revision, self.words = await self._writer.snapshot()
        self.loads += 1

    def apply(self, change: WordAdded) -> None:
        self.words.add(change.word)
        self.revision = change.revision


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def writer(postgres_url: str) -> AsyncIterator[Writer]:
    database = Database(postgres_url, SCHEMA)
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema(SCHEMA))
        await connection.run_sync(Base.metadata.create_all)
    yield Writer(database)
    await database.dispose()


async def _nothing_to_resync() -> None: ...


class Running:
    """Relay, pulse and follower, until the test's end."""

    def __init__(self, writer: Writer, broker: Broker, words: Words) -> None:
        self.follower = Follower(broker, WORDS, Service.DNS, words)
        self._pulse = Pulse(writer.database, Revision, WORDS, broker, QUICK)
        self._relay = Relay(writer.database, Message, broker, _nothing_to_resync)
        self.pulse_task: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Running":
        self.pulse_task = asyncio.create_task(self._pulse.run())
        tasks = [asyncio.create_task(self._relay.run()), asyncio.create_task(self.follower.run())]
        self._tasks = [self.pulse_task, *tasks]
        return self

    async def __aexit__(self, *_: object) -> None:
        await stop(self._tasks)


async def start(stack: AsyncExitStack, writer: Writer, url: str, words: Words) -> Running:
    broker = Broker(NatsSettings(url=url), Service.DNS)
    await broker.connect()
    stack.push_async_callback(broker.close)
    await broker.ensure_streams()
    return await stack.enter_async_context(Running(writer, broker, words))


async def test_a_follower_loads_the_whole_once_and_then_lives_on_changes(writer: Writer, nats_url: str) -> None:
    await writer.add("before")
    words = Words(writer)
    async with AsyncExitStack() as stack:
        running = await start(stack, writer, nats_url, words)
        await until(lambda: words.words == {"before"})
        await until(lambda: running.follower.confirmed_at > 0)
        for number in range(20):
            await writer.add(f"word {number}")
        await until(lambda: len(words.words) == 21)
        assert words.loads == 1


async def test_an_empty_whole_is_loaded_and_confirmed(writer: Writer, nats_url: str) -> None:
    words = Words(writer)
    async with AsyncExitStack() as stack:
        running = await start(stack, writer, nats_url, words)
        await until(lambda: words.revision == 1 and running.follower.confirmed_at > 0)


async def test_a_lost_change_is_seen_by_the_next_one_or_by_the_beat(writer: Writer, nats_url: str) -> None:
    words = Words(writer)
    async with AsyncExitStack() as stack:
        await start(stack, writer, nats_url, words)
        await until(lambda: words.loads == 1)
        await writer.add("lost", told=False)
        await until(lambda: words.words == {"lost"})
        await writer.add("lost too", told=False)
        await writer.add("told")
        await until(lambda: words.words == {"lost", "lost too", "told"})


async def test_a_writer_that_does_not_answer_is_asked_again(writer: Writer, nats_url: str) -> None:
    words = Words(writer)
    words.failures_to_come = 2
    await writer.add("there")
    async with AsyncExitStack() as stack:
        await start(stack, writer, nats_url, words)
        await until(lambda: words.words == {"there"})


async def test_a_change_that_cannot_be_decoded_makes_it_load_the_whole(writer: Writer, nats_url: str) -> None:
    words = Words(writer)
    async with AsyncExitStack() as stack:
        await start(stack, writer, nats_url, words)
        await until(lambda: words.loads == 1)
        async with AsyncExitStack() as inner:
            broker = Broker(NatsSettings(url=nats_url), Service.DNS)
            await broker.connect()
            inner.push_async_callback(broker.close)
            await broker.publish(WORDS.subject("all"), b"{}", "not-a-change")
        await until(lambda: words.loads == 2)


async def test_nats_killed_and_wiped_is_followed_again(writer: Writer, own_nats_server: NatsServer) -> None:
    words = Words(writer)
    async with AsyncExitStack() as stack:
        running = await start(stack, writer, own_nats_server.url, words)
        await until(lambda: words.loads == 1)
        own_nats_server.kill()
        await writer.add("while it was down")
        confirmed = running.follower.confirmed_at
        own_nats_server.wipe()
        await until(lambda: words.words == {"while it was down"}, 60)
        await writer.add("after")
        await until(lambda: "after" in words.words, 60)
        assert running.follower.confirmed_at > confirmed


async def test_a_writer_whose_database_was_put_back_is_loaded_again(writer: Writer, nats_url: str) -> None:
    words = Words(writer)
    await writer.add("kept")
    async with AsyncExitStack() as stack:
        await start(stack, writer, nats_url, words)
        await writer.add("lost with the newer database")
        await until(lambda: len(words.words) == 2)
        async with writer.database.sessions.begin() as session:
            await session.execute(text(f"DELETE FROM {SCHEMA}.word WHERE word LIKE 'lost%'"))
            await session.execute(text(f"UPDATE {SCHEMA}.revision SET value = value - 1"))
        await until(lambda: words.words == {"kept"})


async def test_without_the_beat_nothing_is_confirmed(writer: Writer, nats_url: str) -> None:
    words = Words(writer)
    async with AsyncExitStack() as stack:
        running = await start(stack, writer, nats_url, words)
        await until(lambda: running.follower.confirmed_at > 0)
        assert running.pulse_task is not None
        running.pulse_task.cancel()
        await asyncio.gather(running.pulse_task, return_exceptions=True)
        last_beats_handled = asyncio.get_running_loop().time() + 0.2
        await until(lambda: asyncio.get_running_loop().time() > last_beats_handled)
        confirmed = running.follower.confirmed_at
        assert asyncio.get_running_loop().time() - confirmed > 0.15
        await writer.add("a change confirms too")
        await until(lambda: running.follower.confirmed_at > confirmed)
