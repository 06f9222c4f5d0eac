"""The table of what is due, its leases and their fencing tokens."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, DateTime, Integer, Text, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from brb_shared.database.notify import notification


class WorkRow:
    """Mixin of a service's table `work`: one row for each thing its loop looks after.

    `wakes` counts wake-ups, so that one which comes during a pass is not lost when the pass writes its result.
    `lease_token` grows with every claim: a pass that was overtaken cannot write any more.
    """

    __tablename__ = "work"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now(), index=True)
    wakes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_token: Mapped[int] = mapped_column(BigInteger, server_default="0")
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class LeaseLost(Exception):
    """Another replica has taken the row over: the pass ends without writing."""


@dataclass(frozen=True)
class Lease:
    """The right to write for `key`, until another claim raises the token."""

    key: str
    token: int
    wakes: int
    failures: int
    model: type[WorkRow]

    async def guard(self, session: AsyncSession) -> None:
        """Lock the work row for this transaction. Raises LeaseLost if the lease went to another or the row is gone."""
        row = select(self.model.lease_token).where(self.model.key == self.key).with_for_update()
        if (await session.execute(row)).scalar_one_or_none() != self.token:
            raise LeaseLost(self.key)


def channel_of(model: type[WorkRow]) -> str:
    """The NOTIFY channel of a service's work table, such as `brb_provisioner_work`."""
    schema = model.metadata.schema  # type: ignore[attr-defined]  # the service's declarative base has it
    return f"brb_{schema}_work"


async def wake(
    session: AsyncSession,
    model: type[WorkRow],
    key: str,
    *,
    delay: timedelta = timedelta(),
    forget_failures: bool = False,
) -> None:
    """Make `key` due after `delay`, in the caller's transaction. Never puts off what is due earlier."""
    due_at = func.now() + delay
    statement = insert(model).values(key=key, due_at=due_at, wakes=1)
    changes = {
        "wakes": model.wakes + 1,
        "due_at": func.least(model.due_at, statement.excluded.due_at),
        **({"failures": 0} if forget_failures else {}),
    }
    woken = statement.on_conflict_do_update(index_elements=["key"], set_=changes)
    await session.execute(woken.returning(notification(channel_of(model))))
