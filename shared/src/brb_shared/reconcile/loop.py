"""The loop: claim what is due, run a pass, write its result back.

Many replicas may run it on one table. A pass lasts at most `pass_timeout`; its lease lasts twice as long, so that a
killed replica's rows are taken over after that.
"""

import asyncio
import random
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol, cast

import structlog
from sqlalchemy import CursorResult, Interval, case, delete, func, or_, select, type_coerce, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from brb_shared.cancellation import raise_if_cancelled
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.database.engine import Database
from brb_shared.database.notify import listen
from brb_shared.reconcile.errors import ReconcileError, TerminalError, TransientError
from brb_shared.reconcile.results import Absent, Again, Result, Settled
from brb_shared.reconcile.work import Lease, LeaseLost, WorkRow, channel_of

log = structlog.get_logger()

LONGEST_BACKOFF = timedelta(minutes=5)
TERMINAL_RETRY = timedelta(minutes=5)
_IDLE_POLL = timedelta(seconds=5)
_DATABASE_RETRY = timedelta(seconds=1)


class Reconciler(Protocol):
    async def reconcile(self, key: str, lease: Lease) -> Result:
        """One pass: short, idempotent, no transaction open during an outside call, `lease.guard` in each write."""
        ...

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        """Store the error as a condition and publish it. `failures` counts errors in a row, this one included."""
        ...


def _overdue(limit: timedelta) -> TransientError:
    log.warning("Pass took too long", limit_seconds=limit.total_seconds())
    return TransientError(ErrorCode.INTERNAL, "A step took longer than a pass may last; it goes on by itself")


def _database_away(error: Exception) -> TransientError:
    message = f"The platform's database is not available: {type(error).__name__}"
    return TransientError(ErrorCode.INTERNAL, message)


def backoff(failures: int, *, jitter: float) -> timedelta:
    """1 s, 2 s, 4 s … 5 min, times 0.75 to 1.25 by `jitter` in [0, 1)."""
    seconds = min(2.0 ** (max(failures, 1) - 1), LONGEST_BACKOFF.total_seconds())
    return timedelta(seconds=seconds * (0.75 + jitter / 2))


class Loop:
    def __init__(
        self,
        database: Database,
        model: type[WorkRow],
        reconciler: Reconciler,
        *,
        concurrency: int = 16,
        pass_timeout: timedelta = timedelta(seconds=60),
        replica: str | None = None,
    ) -> None:
        """`replica` is a name that only this process has and keeps over a restart, such as its container's host name:
        the leases of its killed predecessor are free at once. None: they run out by themselves.
        """
        self._database = database
        self._model = model
        self._reconciler = reconciler
        self._slots = asyncio.Semaphore(concurrency)
        self._concurrency = concurrency
        self._pass_timeout = pass_timeout
        self._owner = replica or uuid.uuid4().hex
        self._woken = asyncio.Event()
        self._running = 0
        self._started = False

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(listen(self._database.url, [channel_of(self._model)], self._on_notify))
            while True:
                raise_if_cancelled()
                await self._turn(group)

    def _on_notify(self, _channel: str, _payload: str) -> None:
        self._woken.set()

    async def _free_own_leases(self) -> None:
        mine = update(self._model).where(self._model.lease_owner == self._owner)
        async with self._database.sessions.begin() as session:
            await session.execute(mine.values(lease_owner=None, lease_until=None))

    async def _turn(self, group: asyncio.TaskGroup) -> None:
        self._woken.clear()
        try:
            if not self._started:
                await self._free_own_leases()
                self._started = True
            leases = await self._claim(self._concurrency - self._running)
            pause = await self._until_next() if not leases else timedelta()
        except (DBAPIError, OSError, TimeoutError) as error:
            log.warning("Waiting for the database", error=str(error))
            leases, pause = [], _DATABASE_RETRY
        for lease in leases:
            self._running += 1
            group.create_task(self._run_pass(lease))
        if not leases:
            await self._sleep(pause)

    async def _sleep(self, pause: timedelta) -> None:
        try:
            async with asyncio.timeout(pause.total_seconds()):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _claim(self, limit: int) -> Sequence[Lease]:
        if limit <= 0:
            return []
        model = self._model
        free = or_(model.lease_until.is_(None), model.lease_until < func.now())
        due = (
            select(model.key)
            .where(model.due_at <= func.now(), free)
            .order_by(model.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        claim = (
            update(model)
            .where(model.key == due.c.key)
            .values(
                lease_owner=self._owner,
                lease_token=model.lease_token + 1,
                lease_until=func.now() + 2 * self._pass_timeout,
            )
            .returning(model.key, model.lease_token, model.wakes, model.failures)
        )
        async with self._database.sessions.begin() as session:
            rows = (await session.execute(claim)).all()
        return [Lease(key, token, wakes, failures, model) for key, token, wakes, failures in rows]

    async def _until_next(self) -> timedelta:
        """How long to sleep: until the next free row is due, at most the idle poll, which sees leases that ran out.

        Free ones only: the index on `due_at` answers that, however many rows there are.
        """
        if self._running >= self._concurrency:
            return _IDLE_POLL
        model = self._model
        pause_of_first = type_coerce(func.min(model.due_at) - func.now(), Interval())
        earliest = select(pause_of_first).where(model.lease_until.is_(None))
        async with self._database.sessions() as session:
            pause = (await session.execute(earliest)).scalar_one_or_none()
        return min(max(pause, timedelta(milliseconds=1)), _IDLE_POLL) if pause is not None else _IDLE_POLL

    async def _run_pass(self, lease: Lease) -> None:
        with structlog.contextvars.bound_contextvars(key=lease.key, reconcile_id=uuid.uuid4().hex[:12]):
            try:
                await self._settle(lease, await self._attempt(lease))
            except LeaseLost:
                log.info("Lease went to another replica")
            except (DBAPIError, OSError, TimeoutError) as error:
                log.warning("Could not write the result back; the lease runs out by itself", error=str(error))
            finally:
                self._running -= 1
                self._woken.set()

    async def _attempt(self, lease: Lease) -> Result | ReconcileError:
        limit = asyncio.timeout(self._pass_timeout.total_seconds())
        try:
            async with limit:
                return await self._reconciler.reconcile(lease.key, lease)
        except ReconcileError as error:
            log.warning("Pass failed", code=error.code, error=error.message, failures=lease.failures + 1)
            return error
        except LeaseLost:
            raise
        except (DBAPIError, OSError) as error:  # a TimeoutError is an OSError, whosever time was up
            return _overdue(self._pass_timeout) if limit.expired() else _database_away(error)
        except Exception:  # a bug in a pass must not end the loop
            log.exception("Pass ended in a bug")
            return TransientError(ErrorCode.INTERNAL, "An internal error; the operator's log has its traceback")

    async def _settle(self, lease: Lease, outcome: Result | ReconcileError) -> None:
        match outcome:
            case Settled(recheck_after):
                await self._write(lease, recheck_after, reason="")
            case Again(after, reason):
                await self._write(lease, after, reason=reason)
            case Absent():
                await self._forget(lease)
            case ReconcileError():
                await self._settle_error(lease, outcome)

    async def _settle_error(self, lease: Lease, error: ReconcileError) -> None:
        failures = lease.failures + 1
        await self._report(lease, error, failures)
        slow = isinstance(error, TerminalError)
        pause = TERMINAL_RETRY if slow else backoff(failures, jitter=random.random())  # noqa: S311  # not for secrecy
        await self._write(lease, pause, reason=error.code, failures=failures)

    async def _report(self, lease: Lease, error: ReconcileError, failures: int) -> None:
        try:
            async with asyncio.timeout(self._pass_timeout.total_seconds()):
                await self._reconciler.report(lease.key, lease, error, failures)
        except (LeaseLost, DBAPIError, OSError, TimeoutError):
            raise
        except Exception:  # a bug in reporting must not end the loop
            log.exception("Reporting a failure ended in a bug")

    async def _write(self, lease: Lease, pause: timedelta, *, reason: str, failures: int = 0) -> None:
        model = self._model
        woken_meanwhile = model.wakes != lease.wakes
        values = {
            "due_at": case((woken_meanwhile, func.now()), else_=func.now() + pause),
            "lease_owner": None,
            "lease_until": None,
            "failures": failures,
            "reason": reason,
            "updated_at": func.now(),
        }
        async with self._database.sessions.begin() as session:
            await self._update(session, lease, values)

    async def _update(self, session: AsyncSession, lease: Lease, values: dict[str, Any]) -> None:
        model = self._model
        mine = update(model).where(model.key == lease.key, model.lease_token == lease.token).values(**values)
        if cast("CursorResult[Any]", await session.execute(mine)).rowcount == 0:
            raise LeaseLost(lease.key)

    async def _forget(self, lease: Lease) -> None:
        """Delete the row; one that was woken meanwhile stays and is due at once."""
        model = self._model
        unwoken = delete(model).where(
            model.key == lease.key, model.lease_token == lease.token, model.wakes == lease.wakes
        )
        async with self._database.sessions.begin() as session:
            if cast("CursorResult[Any]", await session.execute(unwoken)).rowcount:
                return
        await self._write(lease, timedelta(), reason="")
