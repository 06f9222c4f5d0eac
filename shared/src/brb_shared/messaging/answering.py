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

from brb_shared.cancellation import raise_if_cancelled
from brb_shared.contracts.registry import Call
from brb_shared.messaging.broker import Broker, BrokerUnavailable

log = structlog.get_logger()

ERROR_CODE, ERROR = "Nats-Service-Error-Code", "Nats-Service-Error"
_AT_ONCE = 64
_RETRY_SECONDS = 1.0


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
        self._broker = broker
        self._call = call
        self._respond = respond
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def run(self) -> None:
        """Run until cancelled; it goes on by itself when NATS was away."""
        while True:
            raise_if_cancelled()
            try:
                await self._answer_all()
            except* (nats.errors.Error, BrokerUnavailable, OSError) as errors:
                log.warning("Listening again", call=self._call.subject, error=str(errors.exceptions[0]))
            await asyncio.sleep(_RETRY_SECONDS)

    async def _answer_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            subscription = await self._broker.subscribe(self._call.subject, queue=self._call.answerer.value)
            async for message in subscription.messages:
                await self._free.acquire()
                group.create_task(self._answer(message))

    async def _answer(self, message: Msg) -> None:
        try:
            reply = await self._respond(message.headers or {}, message.data)
            await self._broker.send(message.reply, reply.body, reply.headers)
        except BrokerUnavailable as error:
            log.warning("An answer could not be sent", call=self._call.subject, error=str(error))
        finally:
            self._free.release()
