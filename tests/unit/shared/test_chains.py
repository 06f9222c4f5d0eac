"""Chains: order within a key, none between keys, and errors that stop no other chain."""

import asyncio

import pytest

from brb_shared.messaging.chains import run_chains


class Recorder:
    """Acts on items such as `a1`: the letter is the key. `b` waits until `a` is through."""

    def __init__(self, failing: str = "") -> None:
        self.done: list[str] = []
        self.failing = failing
        self.a_is_through = asyncio.Event()

    async def act(self, item: str) -> None:
        if item == self.failing:
            raise OSError(item)
        if item.startswith("b"):
            await self.a_is_through.wait()
        self.done.append(item)
        if item == "a2":
            self.a_is_through.set()


async def test_keys_go_side_by_side_and_each_in_its_order() -> None:
    recorder = Recorder()
    await run_chains(["b1", "a1", "b2", "a2"], lambda item: item[0], recorder.act, at_once=2)
    assert recorder.done == ["a1", "a2", "b1", "b2"]


async def test_an_error_ends_its_own_chain_and_is_told_in_the_end() -> None:
    recorder = Recorder(failing="c1")
    with pytest.raises(OSError, match="c1"):
        await run_chains(["c1", "c2", "a1", "a2"], lambda item: item[0], recorder.act, at_once=2)
    assert recorder.done == ["a1", "a2"]
