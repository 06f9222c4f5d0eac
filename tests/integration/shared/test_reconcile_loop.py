"""The loop over real PostgreSQL: leases, wake-ups, errors."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import MetaData, select, update
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.schema import CreateSchema

from brb_shared.contracts.conditions import ErrorCode
from brb_shared.database import Database
from brb_shared.reconcile import (
    Absent,
    Again,
    Lease,
    LeaseLost,
    Loop,
    ReconcileError,
    Result,
    Settled,
    TransientError,
    WorkRow,
    wake,
)


class Base(DeclarativeBase):
    metadata = MetaData(schema="loop_test")


class Work(WorkRow, Base):
    pass


Pass = Callable[[str, Lease], Awaitable[Result]]


class Scripted:
    """Runs one given pass after another; the last one again and again."""

    def __init__(self, *passes: Pass) -> None:
        self._passes = list(passes)
        self.seen: list[str] = []
        self.errors: list[tuple[ErrorCode, int]] = []
        self.messages: list[str] = []
        self._changed = asyncio.Event()

    async def reconcile(self, key: str, lease: Lease) -> Result:
        current = self._passes[min(len(self.seen), len(self._passes) - 1)]
        self.seen.append(key)
        self._changed.set()
        return await current(key, lease)

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        self.errors.append((error.code, failures))
        self.messages.append(error.message)

    async def until_passes(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.seen) < count:
                self._changed.clear()
                await self._changed.wait()


def returns(result: Result) -> Pass:
    async def run(_key: str, _lease: Lease) -> Result:
        return result

    return run


def raises(error: Exception) -> Pass:
    async def run(_key: str, _lease: Lease) -> Result:
        raise error

    return run


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    database = Database(postgres_url, "loop_test")
    async with database.engine.begin() as connection:
        await connection.execute(CreateSchema("loop_test"))
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.dispose()


async def wake_key(database: Database, key: str) -> None:
    async with database.sessions.begin() as session:
        await wake(session, Work, key)


async def row_of(database: Database, key: str) -> Work | None:
    async with database.sessions() as session:
        return await session.scalar(select(Work).where(Work.key == key))


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*loops: Loop) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop.run()) for loop in loops]
        yield
        for task in tasks:
            task.cancel()


async def test_a_woken_key_is_passed_at_once_and_again_when_it_asks(database: Database) -> None:
    script = Scripted(returns(Again(timedelta(milliseconds=10), "Waiting")), returns(Settled()))
    async with running(Loop(database, Work, script)):
        await wake_key(database, "a")
        await script.until_passes(2)
    assert script.seen == ["a", "a"]


async def test_a_wake_up_during_a_pass_is_not_lost(database: Database) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_key: str, _lease: Lease) -> Result:
        started.set()
        await go_on.wait()
        return Settled(timedelta(hours=1))

    script = Scripted(slow, returns(Settled(timedelta(hours=1))))
    async with running(Loop(database, Work, script)):
        await wake_key(database, "a")
        await started.wait()
        await wake_key(database, "a")
        go_on.set()
        await script.until_passes(2)


async def test_absent_removes_the_row(database: Database) -> None:
    script = Scripted(returns(Absent()))
    async with running(Loop(database, Work, script)):
        await wake_key(database, "a")

        async def gone() -> bool:
            return bool(script.seen) and await row_of(database, "a") is None

        await until(gone)


async def test_errors_are_reported_and_counted_and_a_bug_is_an_internal_error(database: Database) -> None:
    transient = TransientError(ErrorCode.INFRA_UNAVAILABLE, "down")
    script = Scripted(raises(transient), raises(KeyError("bug")), returns(Settled()))
    async with running(Loop(database, Work, script)):
        await wake_key(database, "a")
        await script.until_passes(3)
    assert script.errors == [(ErrorCode.INFRA_UNAVAILABLE, 1), (ErrorCode.INTERNAL, 2)]


async def test_a_pass_that_takes_too_long_is_ended_and_tried_again(database: Database) -> None:
    async def hangs(_key: str, _lease: Lease) -> Result:
        await asyncio.Event().wait()
        return Settled()

    script = Scripted(hangs, returns(Settled()))
    async with running(Loop(database, Work, script, pass_timeout=timedelta(milliseconds=100))):
        await wake_key(database, "a")
        await script.until_passes(2)
    assert script.errors == [(ErrorCode.INTERNAL, 1)]
    assert "longer than a pass may last" in script.messages[0]


async def test_a_statement_that_times_out_is_not_taken_for_a_pass_that_does(database: Database) -> None:
    script = Scripted(raises(TimeoutError()), returns(Settled()))
    async with running(Loop(database, Work, script)):
        await wake_key(database, "a")
        await script.until_passes(2)
    assert "database is not available" in script.messages[0]


async def test_an_overtaken_pass_cannot_write(database: Database) -> None:
    outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def overtaken(key: str, lease: Lease) -> Result:
        async with database.sessions.begin() as session:
            await session.execute(update(Work).where(Work.key == key).values(lease_token=lease.token + 1))
        try:
            async with database.sessions.begin() as session:
                await lease.guard(session)
        except LeaseLost:
            outcome.set_result("lost")
            raise
        outcome.set_result("written")
        return Settled()

    script = Scripted(overtaken, returns(Settled()))
    async with running(Loop(database, Work, script)):
        await wake_key(database, "a")
        assert await outcome == "lost"
    row = await row_of(database, "a")
    assert row is not None
    assert row.lease_token == 2


async def test_two_replicas_never_work_on_one_key_at_a_time(database: Database) -> None:
    inside: set[str] = set()
    overlaps: list[str] = []

    async def exclusive(key: str, _lease: Lease) -> Result:
        if key in inside:
            overlaps.append(key)
        inside.add(key)
        await asyncio.sleep(0.01)
        inside.discard(key)
        return Again(timedelta(milliseconds=1), "More")

    script = Scripted(exclusive)
    async with running(Loop(database, Work, script), Loop(database, Work, script)):
        for key in "abcdef":
            await wake_key(database, key)
        await script.until_passes(60)
    assert set(script.seen) == set("abcdef")
    assert overlaps == []


async def test_a_restarted_replica_takes_up_its_own_leases_at_once(database: Database) -> None:
    started = asyncio.Event()

    async def hangs(_key: str, _lease: Lease) -> Result:
        started.set()
        await asyncio.Event().wait()
        return Settled()

    async with running(Loop(database, Work, Scripted(hangs), replica="one")):
        await wake_key(database, "a")
        await started.wait()
    script = Scripted(returns(Settled()))
    async with running(Loop(database, Work, script, replica="one")):
        await script.until_passes(1)
