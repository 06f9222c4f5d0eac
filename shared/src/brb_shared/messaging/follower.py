"""The readers' side of a replicated whole: loaded once, kept current by changes, loaded again after a gap.

Every replica of a service follows by itself, with a consumer of its own that NATS forgets after a minute of silence.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import httpx
import nats.errors
import nats.js.errors
import structlog
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from pydantic import ValidationError

from brb_shared.cancellation import raise_if_cancelled
from brb_shared.contracts.changes import Beat, Revised
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.registry import Kind, Service
from brb_shared.messaging.broker import Broker, BrokerUnavailable

log = structlog.get_logger()

C = TypeVar("C", bound=Revised, contravariant=True)

_FETCH_BATCH = 100
_FETCH_SECONDS = 5.0
_RETRY_SECONDS = 0.5
_BEHIND_SECONDS = 1.0
_FORGET_SECONDS = 60.0


class Replica(Protocol[C]):
    """The whole in memory. `revision` is 0 while nothing is loaded."""

    @property
    def revision(self) -> int: ...

    async def load(self) -> None:
        """Replace everything by the writer's snapshot. Raises httpx.HTTPError, OSError, TimeoutError, or
        ValueError if it cannot be read.
        """

    def apply(self, change: C) -> None:
        """Make one change that follows `revision`."""


class Follower:
    def __init__(self, broker: Broker, kind: Kind, reader: Service, replica: Replica[Any]) -> None:
        """Raises ValueError if `reader` is not among the kind's readers."""
        if reader not in kind.readers:
            raise ValueError(f"{reader} does not read {kind.type}")
        self._broker = broker
        self._kind = kind
        self._reader = reader
        self._replica = replica
        self._envelope = Envelope[kind.model]  # type: ignore[name-defined]  # a model known at run time
        self._lock = asyncio.Lock()
        self._behind_since: float | None = None
        self._last_beat = 0
        self.confirmed_at = float("-inf")
        """Loop time at which the replica was last known to be current: the lease that a decision needs."""

    async def run(self) -> None:
        """Run until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again_and_again(self._follow_changes))
            group.create_task(self._again_and_again(self._follow_beats))
            group.create_task(self._load_first())

    async def _again_and_again(self, follow: Callable[[], Awaitable[None]]) -> None:
        while True:
            raise_if_cancelled()
            try:
                await follow()
            except (nats.errors.Error, nats.js.errors.Error, BrokerUnavailable, OSError, TimeoutError) as error:
                log.warning("Following again", kind=self._kind.name, error=str(error) or type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _load_first(self) -> None:
        while self._replica.revision == 0 and not await self._reload("nothing is loaded"):
            raise_if_cancelled()
            await asyncio.sleep(_RETRY_SECONDS)

    async def _follow_changes(self) -> None:
        async with self._consumer() as consumer:
            while True:
                raise_if_cancelled()
                for message in await self._fetch(consumer):
                    await self._on_change(message)

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[JetStreamContext.PullSubscription]:
        """Begins at what is new: the beat tells whether something was missed before."""
        name = f"{self._kind.durable(self._reader)}-{uuid.uuid4().hex[:12]}"
        config = ConsumerConfig(
            name=name,
            deliver_policy=DeliverPolicy.NEW,
            ack_policy=AckPolicy.NONE,
            filter_subject=self._kind.subject("*"),
            inactive_threshold=_FORGET_SECONDS,
            mem_storage=True,
        )
        jetstream = self._broker.jetstream
        await jetstream.add_consumer(self._kind.stream.value, config)
        consumer = await jetstream.pull_subscribe_bind(name, self._kind.stream.value)
        try:
            yield consumer
        finally:
            await _unsubscribe(consumer)

    async def _fetch(self, consumer: JetStreamContext.PullSubscription) -> list[Msg]:
        try:
            return await consumer.fetch(_FETCH_BATCH, timeout=_FETCH_SECONDS)
        except TimeoutError:  # nothing came; nats.errors.TimeoutError is one too
            await consumer.consumer_info()  # raises NotFoundError if the consumer is gone with the broker's state
            return []

    async def _on_change(self, message: Msg) -> None:
        try:
            change: Revised = self._envelope.model_validate_json(message.data).data
        except ValidationError as error:
            await self._reload(f"a change cannot be decoded: {error}")
            return
        async with self._lock:
            if change.revision <= self._replica.revision:
                return
            if change.previous == self._replica.revision:
                self._replica.apply(change)
                self._confirm()
                return
        if self._replica.revision:
            await self._reload(f"change {change.revision} builds on {change.previous}")

    async def _follow_beats(self) -> None:
        subscription = await self._broker.subscribe(self._kind.beat_subject)
        async for message in subscription.messages:
            raise_if_cancelled()
            await self._on_beat(Beat.model_validate_json(message.data))

    async def _on_beat(self, beat: Beat) -> None:
        """A lower revision may have been overtaken by a change; said twice, the writer's database was put back."""
        said_twice, self._last_beat = beat.revision == self._last_beat, beat.revision
        async with self._lock:
            went_back = said_twice and beat.revision < self._replica.revision
            if self._replica.revision >= beat.revision and not went_back:
                self._confirm()
                return
        if went_back:
            await self._reload(f"the writer went back to {beat.revision}")
            return
        now = asyncio.get_running_loop().time()
        if self._behind_since is None:
            self._behind_since = now
        elif now - self._behind_since >= _BEHIND_SECONDS:
            await self._reload(f"the writer is at {beat.revision}")

    async def _reload(self, why: str) -> bool:
        """True if the whole was loaded. When it cannot be, the next change or beat tries again."""
        async with self._lock:
            log.info("Loading the whole", kind=self._kind.name, revision=self._replica.revision, why=why)
            try:
                await self._replica.load()
            except (httpx.HTTPError, OSError, TimeoutError, ValueError) as error:
                log.warning("Could not load", kind=self._kind.name, error=str(error) or type(error).__name__)
                return False
            self._confirm()
            return True

    def _confirm(self) -> None:
        self._behind_since = None
        self.confirmed_at = asyncio.get_running_loop().time()


async def _unsubscribe(consumer: JetStreamContext.PullSubscription) -> None:
    try:
        await consumer.unsubscribe()
    except (nats.errors.Error, OSError):
        log.debug("Consumer was gone already")
