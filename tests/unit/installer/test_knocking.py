"""A machine's port is asked for anew until it opens; what comes late is closed."""

import asyncio
from collections.abc import Awaitable

import pytest

from brb_installer.ssh.knocking import Knocking


class Writer:
    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class Door:
    """The first asking is lost: it opens when the test says so, or never."""

    def __init__(self) -> None:
        self.late: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.writers: list[Writer] = []

    async def connect(self) -> tuple[None, Writer]:
        writer = Writer()
        self.writers.append(writer)
        if len(self.writers) == 1:
            await self.late
        return None, writer


async def test_a_lost_asking_is_followed_by_another() -> None:
    door = Door()
    await Knocking().until_open(door.connect)
    assert [writer.is_closed for writer in door.writers] == [False, True]


async def test_what_opens_late_is_closed_and_what_fails_late_is_no_news() -> None:
    opens, fails = Door(), Door()
    knocking = Knocking()
    await knocking.until_open(opens.connect)
    await knocking.until_open(fails.connect)
    opens.late.set_result(None)
    fails.late.set_exception(ConnectionRefusedError())
    while knocking.asking:
        await asyncio.sleep(0)
    assert all(writer.is_closed for writer in opens.writers)


async def test_a_refusal_is_told_at_once() -> None:
    asked = 0

    def refuse() -> Awaitable[tuple[None, Writer]]:
        nonlocal asked
        asked += 1
        raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        await Knocking().until_open(refuse)
    assert asked == 1
