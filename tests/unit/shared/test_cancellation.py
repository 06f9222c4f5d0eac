"""Loops end although a library swallowed their cancellation."""

import asyncio

from brb_shared.cancellation import raise_if_cancelled


async def swallow_once(turns: list[int]) -> None:
    while True:
        raise_if_cancelled()
        turns.append(1)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


async def test_a_loop_whose_cancellation_was_swallowed_ends_at_its_next_turn() -> None:
    turns: list[int] = []
    task = asyncio.create_task(swallow_once(turns))
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=10)
    assert done == {task}
    assert task.cancelled()
    assert turns == [1]
