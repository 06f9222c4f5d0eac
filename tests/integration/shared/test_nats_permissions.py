"""The generated logins on a real NATS: each service can do its work and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import nats.errors
import pytest

from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import CLUSTER_HAPPENED, INFRASTRUCTURE_DESIRED, INFRASTRUCTURE_HAPPENED, Service
from brb_shared.messaging import Broker, NatsSettings, Subscription
from brb_shared.messaging.broker import BrokerUnavailable
from brb_shared.messaging.permissions import SUBSCRIBER, render_nats_config
from brb_shared.nkey import new_seed, private_key_of_seed, public_nkey_of
from brb_shared.testing.servers import NatsServer

LOGINS = [*(service.value for service in Service), SUBSCRIBER]


class Logins:
    def __init__(self, folder: Path) -> None:
        self.files = {name: folder / name for name in LOGINS}
        for file in self.files.values():
            file.write_text(new_seed())

    def configuration(self) -> str:
        public = {name: public_nkey_of(private_key_of_seed(file.read_text())) for name, file in self.files.items()}
        return render_nats_config(public)


@pytest.fixture(scope="module")
def logins(tmp_path_factory: pytest.TempPathFactory) -> Logins:
    return Logins(tmp_path_factory.mktemp("logins"))


@pytest.fixture(scope="module")
def server(logins: Logins) -> Iterator[NatsServer]:
    server = NatsServer(logins.configuration())
    server.start()
    yield server
    server.remove()


@asynccontextmanager
async def signed_in(server: NatsServer, logins: Logins, name: str) -> AsyncIterator[Broker]:
    broker = Broker(NatsSettings(url=server.url, nkey_seed_file=logins.files[name]), name=name)
    await broker.connect()
    yield broker
    await broker.close()


def event(reason: str) -> bytes:
    happened = Happened(cluster_id=ClusterId("c-1"), source="test", stage="infrastructure", reason=reason)
    envelope = Envelope[Happened](source="/brb/provisioner", type="t", subject="c-1", data=happened)
    return envelope.model_dump_json().encode()


async def test_every_service_makes_the_streams_and_publishes_its_own_kinds(server: NatsServer, logins: Logins) -> None:
    async with signed_in(server, logins, Service.PROVISIONER) as broker:
        await broker.ensure_streams()
        await broker.publish(INFRASTRUCTURE_HAPPENED.subject("c-1"), event("One"), "permission-1")


async def test_no_service_publishes_what_another_writes(server: NatsServer, logins: Logins) -> None:
    async with signed_in(server, logins, Service.INSTALLER) as broker:
        await broker.ensure_streams()
        with pytest.raises(BrokerUnavailable):
            await broker.publish(INFRASTRUCTURE_HAPPENED.subject("c-1"), event("Forged"), "permission-2")


async def test_a_reader_receives_and_acknowledges(server: NatsServer, logins: Logins) -> None:
    received: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def on_happened(envelope: Envelope[Any]) -> None:
        if not received.done():
            received.set_result(envelope.data.reason)

    async with (
        signed_in(server, logins, Service.PROVISIONER) as writer,
        signed_in(server, logins, Service.API_GATEWAY) as reader,
    ):
        await writer.ensure_streams()
        await writer.publish(INFRASTRUCTURE_HAPPENED.subject("c-2"), event("Seen"), "permission-3")
        subscription = Subscription(reader, INFRASTRUCTURE_HAPPENED, Service.API_GATEWAY, on_happened)
        task = asyncio.create_task(subscription.run())
        async with asyncio.timeout(20):
            assert await received in ("One", "Seen")
        task.cancel()


async def test_a_service_cannot_make_a_consumer_of_what_is_not_meant_for_it(server: NatsServer, logins: Logins) -> None:
    async with signed_in(server, logins, Service.INSTALLER) as broker:
        await broker.ensure_streams()
        with pytest.raises(nats.errors.TimeoutError):
            await broker.jetstream.pull_subscribe(INFRASTRUCTURE_DESIRED.subject("*"), durable="spy", stream="DESIRED")


async def test_a_stranger_is_not_let_in(server: NatsServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert b"Authorization Violation" in answer
    assert b"PONG" not in answer


async def test_a_subscriber_replays_the_timeline_and_writes_nothing(server: NatsServer, logins: Logins) -> None:
    async with signed_in(server, logins, Service.PROVISIONER) as writer:
        await writer.ensure_streams()
        await writer.publish(INFRASTRUCTURE_HAPPENED.subject("c-3"), event("Replayed"), "permission-4")
    async with signed_in(server, logins, SUBSCRIBER) as broker:
        consumer = await broker.jetstream.pull_subscribe("brb.v1.happened.*.c-3", stream="HAPPENED")
        (message,) = await consumer.fetch(1, timeout=10)
        assert b"Replayed" in message.data
        with pytest.raises(BrokerUnavailable):
            await broker.publish(CLUSTER_HAPPENED.subject("c-3"), event("Forged"), "permission-5")
