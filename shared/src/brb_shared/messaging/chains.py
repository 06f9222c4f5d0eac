"""Work in chains: what has the same key goes one after the other, different keys go side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


async def run_chains(
    items: Iterable[Item], key: Callable[[Item], str], act: Callable[[Item], Awaitable[None]], *, at_once: int
) -> None:
    """An error ends its own chain; the first one is raised once all chains have ended."""
    slots = asyncio.Semaphore(at_once)

    async def run(chain: list[Item]) -> None:
        async with slots:
            for item in chain:
                await act(item)

    outcomes = await asyncio.gather(*map(run, _chains(items, key)), return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


def _chains(items: Iterable[Item], key: Callable[[Item], str]) -> list[list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return list(found.values())
