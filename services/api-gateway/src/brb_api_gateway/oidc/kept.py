"""A document of an issuer that is kept: fetched anew when it is old, used on while the issuer is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from brb_shared.http import Problem

log = structlog.get_logger()

T = TypeVar("T")
Clock = Callable[[], float]
Fetch = Callable[[], Awaitable[tuple[T, int | None]]]
"""The parsed document, and the seconds that its sender says it may be kept."""

MINUTE = 60.0
_DEFAULT_SECONDS = 3_600.0
_LONGEST_SECONDS = 86_400.0


class Kept(Generic[T]):
    def __init__(self, fetch: Fetch[T], clock: Clock = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: T | None = None
        self._old_at = float("-inf")
        self._tried_at = float("-inf")
        self._failure: Problem | None = None

    async def get(self) -> T:
        """Raises Problem where there is none yet and it cannot be fetched."""
        if self._value is None or self._clock() >= self._old_at:
            await self._refresh()
        return self._require()

    async def get_newer(self) -> T:
        """For whoever misses something in it; asks at most once a minute."""
        if self._clock() - self._tried_at >= MINUTE:
            await self._refresh()
        return self._require()

    def _require(self) -> T:
        if self._value is None:
            assert self._failure is not None
            raise self._failure
        return self._value

    async def _refresh(self) -> None:
        """Whoever waited while another asked has that one's answer."""
        came = self._clock()
        async with self._lock:
            if self._tried_at < came:
                await self._ask()

    async def _ask(self) -> None:
        try:
            self._value, max_age = await self._fetch()
        except Problem as problem:
            self._failure = problem
            seconds = MINUTE
            if self._value is not None:
                log.warning("Identity provider does not answer; going on with what is known", error=str(problem))
        else:
            told = _DEFAULT_SECONDS if max_age is None else float(max_age)
            seconds = min(max(told, MINUTE), _LONGEST_SECONDS)
        self._tried_at = self._clock()
        self._old_at = self._tried_at + seconds
