"""Answers what is asked over NATS, several questions at once; `Broker.request` asks.

Source of an error's headers: NATS, ADR-32 "Service API".
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from brb_shared.contracts.registry import Call
from brb_shared.messaging.broker import Broker, BrokerUnavailable

log = structlog.get_logger()

ERROR_CODE, ERROR = "Nats-Service-Error-Code", "Nats-Service-Error"
_AT_ONCE = 64
_LEAVE_SECONDS = 0.8  # whoever stops it cancels again after a second


@dataclass(frozen=True)
class Reply:
    """`error_code` 0: the answer. Else an HTTP status, and the body says more."""

    body: bytes
    error_code: int = 0
    error: str = ""

    @property
    def headers(self) -> dict[str, str] | None:
        return {ERROR_CODE: str(self.error_code), ERROR: " ".join(self.error.split())} if self.error_code else None


Responder = Callable[[Mapping[str, str], bytes], Awaitable[Reply]]
"""From a question's headers and body. Never raises."""


class Answering:
    """The replicas of a service share the questions."""

    def __init__(self, broker: Broker, call: Call[Any, Any], respond: Responder) -> None:
        """`broker` is connected."""
        self._broker = broker
        self._call = call
        self._respond = respond
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Run until cancelled; it goes on by itself when NATS was away. Questions that have come are answered first."""
        subscription = await self._broker.subscribe(self._call.subject, self._call.answerer.value, self._take)
        try:
            await asyncio.Event().wait()
        finally:
            await self._leave(subscription)

    async def _take(self, message: Msg) -> None:
        await self._free.acquire()
        task = asyncio.create_task(self._answer(message))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _leave(self, subscription: Subscription) -> None:
        """NATS is told to send no more: a question that reached a closed connection would have no answer."""
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await subscription.drain()  # type: ignore[no-untyped-call]  # nats-py
                await asyncio.gather(*self._under_way)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            log.warning("Questions may be left without answers", call=self._call.subject, error=str(error))
        for task in self._under_way:
            task.cancel()

    async def _answer(self, message: Msg) -> None:
        try:
            reply = await self._respond(message.headers or {}, message.data)
            await self._broker.send(message.reply, reply.body, reply.headers)
        except BrokerUnavailable as error:
            log.warning("An answer could not be sent", call=self._call.subject, error=str(error))
        finally:
            self._free.release()
