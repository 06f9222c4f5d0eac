"""A durable pull consumer that hands each message to a handler.

The handler only stores and wakes. Its failures are delivered again with a growing pause; what cannot be decoded goes
to the stream DEAD. Messages of one subject are handled one after the other, those of others beside them. A lost stream
or consumer is made anew: the handler's version guard makes replays harmless.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import nats.errors
import nats.js.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from brb_shared.cancellation import raise_if_cancelled
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.registry import Kind, Service, dead_subject
from brb_shared.messaging.broker import Broker, BrokerUnavailable
from brb_shared.messaging.chains import run_chains

log = structlog.get_logger()

Handler = Callable[[Envelope[Any]], Awaitable[None]]

_ACK_WAIT_SECONDS = 10
_FETCH_BATCH = 50
_HANDLERS = 8
_FETCH_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_NAK_SECONDS = 2.0


class Subscription:
    def __init__(self, broker: Broker, kind: Kind, reader: Service, handler: Handler) -> None:
        """The replicas of `reader` share one durable consumer. Raises ValueError if it is not among the readers."""
        if reader not in kind.readers:
            raise ValueError(f"{reader} does not read {kind.type}")
        self._broker = broker
        self._kind = kind
        self._durable = kind.durable(reader)
        self._dead_subject = dead_subject(reader)
        self._handler = handler
        self._envelope = Envelope[kind.model]  # type: ignore[name-defined]

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            raise_if_cancelled()
            try:
                await self._consume()
            except (nats.errors.Error, nats.js.errors.Error, BrokerUnavailable, OSError, TimeoutError) as error:
                log.warning("Subscribing again", kind=self._kind.type, error=str(error) or type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _consume(self) -> None:
        consumer = await self._subscribe()
        try:
            while True:
                raise_if_cancelled()
                await self._fetch(consumer)
        finally:
            await _unsubscribe(consumer)

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        config = ConsumerConfig(
            name=self._durable,
            durable_name=self._durable,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=_ACK_WAIT_SECONDS,
            filter_subject=self._kind.subject("*"),
            max_ack_pending=1000,
        )
        return await self._broker.jetstream.pull_subscribe(
            self._kind.subject("*"), durable=self._durable, stream=self._kind.stream.value, config=config
        )

    async def _fetch(self, consumer: JetStreamContext.PullSubscription) -> None:
        try:
            messages = await consumer.fetch(_FETCH_BATCH, timeout=_FETCH_SECONDS)
        except TimeoutError:  # nothing came; nats.errors.TimeoutError is one too
            await consumer.consumer_info()  # raises NotFoundError if the consumer is gone with the broker's state
            return
        await run_chains(messages, lambda message: message.subject, self._deliver, at_once=_HANDLERS)

    async def _deliver(self, message: Msg) -> None:
        try:
            envelope = self._envelope.model_validate_json(message.data)
        except ValidationError as error:
            await self._bury(message, str(error))
            return
        context = {"cluster_id": envelope.subject, "kind": self._kind.name, "message_id": envelope.id}
        with structlog.contextvars.bound_contextvars(**context):
            try:
                await self._handler(envelope)
            except (DBAPIError, OSError, TimeoutError) as error:
                log.warning("Message will be delivered again", error=str(error))
                await message.nak(delay=_NAK_SECONDS)
                return
            except Exception:  # a bug in a handler must not end the subscription
                log.exception("Handler ended in a bug; the message will be delivered again")
                await message.nak(delay=_NAK_SECONDS)
                return
        await message.ack()

    async def _bury(self, message: Msg, error: str) -> None:
        log.error("Message cannot be decoded; it goes to DEAD", subject=message.subject, error=error)
        body = json.dumps({"subject": message.subject, "error": error, "body": message.data.decode(errors="replace")})
        await self._broker.publish(
            self._dead_subject, body.encode(), f"dead-{self._durable}-{message.metadata.sequence.stream}"
        )
        await message.ack()


async def _unsubscribe(consumer: JetStreamContext.PullSubscription) -> None:
    try:
        await consumer.unsubscribe()
    except (nats.errors.Error, OSError):
        log.debug("Consumer was gone already")
