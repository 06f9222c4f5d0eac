"""Outbox → relay → JetStream → subscription, over real PostgreSQL and NATS."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import MetaData, Text, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateSchema

from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import CLUSTER_HAPPENED, INFRASTRUCTURE_HAPPENED, Service
from brb_shared.database import Database, upsert_if_newer
from brb_shared.messaging import Broker, NatsSettings, Outbox, OutboxRow, Relay, Subscription
from brb_shared.messaging.broker import StreamMissing
from brb_shared.testing.servers import NatsServer


class Base(DeclarativeBase):
    metadata = MetaData(schema="messaging_test")


class Message(OutboxRow, Base):
    pass


class Newest(Base):
    __tablename__ = "newest"
    id: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int]
    value: Mapped[str]


class Received:
    """Collects what a subscription hands over."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._changed = asyncio.Condition()

    async def on_happened(self, envelope: Envelope[Any]) -> None:
        async with self._changed:
            self.reasons.append(envelope.data.reason)
            self._changed.notify_all()

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self.reasons) >= count)
        return self.reasons


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url, "messaging_test")
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema("messaging_test"))
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.dispose()


@pytest.fixture
async def broker(nats_url: str) -> AsyncIterator[Broker]:
    broker = Broker(NatsSettings(url=nats_url), name="test")
    await broker.connect()
    yield broker
    await broker.close()


class Resyncs:
    def __init__(self, database: Database, outbox: Outbox) -> None:
        self.count = 0
        self._database = database
        self._outbox = outbox

    async def __call__(self) -> None:
        self.count += 1
        await say(self._database, self._outbox, f"Resync{self.count}")


@asynccontextmanager
async def running(*runs: Any) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run) for run in runs]
        yield
        for task in tasks:
            task.cancel()


async def say(database: Database, outbox: Outbox, *reasons: str) -> None:
    async with database.sessions.begin() as session:
        for reason in reasons:
            happened = Happened(cluster_id=ClusterId("c-1"), source="test", stage="cluster", reason=reason)
            await outbox.happen(session, CLUSTER_HAPPENED, happened)


async def waiting(database: Database) -> int:
    """Messages in the outbox."""
    async with database.sessions() as session:
        return (await session.execute(select(func.count()).select_from(Message))).scalar_one()


async def no_resync() -> None:
    return


async def test_messages_arrive_in_the_order_of_their_commit(database: Database, broker: Broker) -> None:
    outbox, received = Outbox(Message, Service.API_GATEWAY), Received()
    relay = Relay(database, Message, broker, no_resync)
    subscription = Subscription(broker, CLUSTER_HAPPENED, Service.API_GATEWAY, received.on_happened)
    await say(database, outbox, "One", "Two")
    async with running(relay.run(), subscription.run()):
        await say(database, outbox, "Three")
        assert await received.until(3) == ["One", "Two", "Three"]
        async with asyncio.timeout(30):
            while await waiting(database):
                await asyncio.sleep(0.01)


async def test_wiping_nats_makes_the_streams_anew_and_resyncs(
    database: Database, broker: Broker, own_nats_server: NatsServer
) -> None:
    outbox, received = Outbox(Message, Service.API_GATEWAY), Received()
    relay = Relay(database, Message, broker, Resyncs(database, outbox))
    subscription = Subscription(broker, CLUSTER_HAPPENED, Service.API_GATEWAY, received.on_happened)
    async with running(relay.run(), subscription.run()):
        await received.until(1)
        await asyncio.to_thread(own_nats_server.wipe)
        assert (await received.until(2))[1] == "Resync2"


async def test_only_the_writer_of_a_kind_may_publish_it(database: Database) -> None:
    outbox = Outbox(Message, Service.API_GATEWAY)
    happened = Happened(cluster_id=ClusterId("c-1"), source="test", stage="infrastructure", reason="Forged")
    async with database.sessions() as session:
        with pytest.raises(ValueError, match="does not write"):
            await outbox.happen(session, INFRASTRUCTURE_HAPPENED, happened)


async def test_publishing_without_a_stream_says_that_it_is_missing(broker: Broker) -> None:
    with pytest.raises(StreamMissing):
        await broker.publish("brb.v1.happened.cluster.c-1", b"{}", "id")


async def test_what_cannot_be_decoded_goes_to_the_dead_stream(database: Database, broker: Broker) -> None:
    outbox, received = Outbox(Message, Service.API_GATEWAY), Received()
    relay = Relay(database, Message, broker, no_resync)
    subscription = Subscription(broker, CLUSTER_HAPPENED, Service.API_GATEWAY, received.on_happened)
    await broker.ensure_streams()
    await broker.publish("brb.v1.happened.cluster.c-1", b"not json", "garbage")
    async with running(relay.run(), subscription.run()):
        await say(database, outbox, "After")
        assert await received.until(1) == ["After"]
    assert (await broker.jetstream.stream_info("DEAD")).state.messages == 1


async def test_an_older_revision_never_overwrites_a_newer_one(database: Database) -> None:
    async with database.sessions.begin() as session:
        for revision, value, stored in ((2, "b", True), (1, "a", False), (2, "c", False), (3, "d", True)):
            took = await upsert_if_newer(session, Newest, key={"id": "x"}, revision=revision, values={"value": value})
            assert took is stored
    async with database.sessions() as session:
        assert await session.scalar(select(Newest.value)) == "d"
