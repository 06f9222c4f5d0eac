"""Notifications: once for each transaction, and again in the next."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from brb_shared.database import Database, listen, notify

CHANNEL = "brb_test"


class Heard:
    def __init__(self) -> None:
        self.payloads: list[str] = []
        self.changed = asyncio.Event()

    def on_notify(self, _channel: str, payload: str) -> None:
        self.payloads.append(payload)
        self.changed.set()

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(20):
            while len(self.payloads) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.payloads


async def say(session: AsyncSession, *payloads: str) -> None:
    for payload in payloads:
        await notify(session, CHANNEL, payload)


async def test_each_transaction_of_a_session_is_told_of(postgres_url: str) -> None:
    database, heard = Database(postgres_url, "test"), Heard()
    listening = asyncio.create_task(listen(postgres_url, [CHANNEL], heard.on_notify))
    assert await heard.until(1) == [""]  # it listens now
    async with database.sessions() as session:
        async with session.begin():
            await say(session, "one", "one", "two")
        async with session.begin():
            await say(session, "one")
    assert await heard.until(4) == ["", "one", "two", "one"]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await database.dispose()


async def test_what_was_rolled_back_is_said_again_in_the_next_transaction(postgres_url: str) -> None:
    database, heard = Database(postgres_url, "test"), Heard()
    listening = asyncio.create_task(listen(postgres_url, [CHANNEL], heard.on_notify))
    await heard.until(1)
    async with database.sessions() as session:
        await say(session, "one")
        await session.rollback()
        await say(session, "one", "two")
        await session.commit()
    assert await heard.until(3) == ["", "one", "two"]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await database.dispose()
