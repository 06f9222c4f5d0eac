"""Answers that are asked for once in a pass, though several steps want them at the same moment."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    def __init__(self) -> None:
        self._answers: dict[str, T] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, key: str, ask: Callable[[], Awaitable[T]]) -> T:
        async with self._locks[key]:
            if key not in self._answers:
                self._answers[key] = await ask()
            return self._answers[key]
