"""The one place that speaks NATS: connect with an nkey, publish, make streams."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import nats
import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.client import JetStreamContext
from pydantic import BaseModel

from brb_shared.contracts.registry import Stream
from brb_shared.messaging.streams import config_of

log = structlog.get_logger()

_PUBLISH_TIMEOUT_SECONDS = 5.0


class NatsSettings(BaseModel):
    url: str
    nkey_seed_file: Path | None = None  # None: no login; tests only


class BrokerUnavailable(Exception):
    """NATS does not answer; the caller tries again later."""


class StreamMissing(BrokerUnavailable):
    """NATS answers and has no stream for the subject: its state was lost or never made."""


def inbox_prefix(name: str) -> str:
    """A login may subscribe to its own answers only."""
    return f"_INBOX_{name}"


class Broker:
    """Reconnects for ever by itself."""

    def __init__(self, settings: NatsSettings, name: str) -> None:
        """`name` is the service's, or the login's of another subscriber."""
        self._settings = settings
        self._name = name
        self._client: Client | None = None

    @property
    def is_connected(self) -> bool:
        return self._client is not None and self._client.is_connected

    @property
    def max_payload(self) -> int:
        """Bytes that one message may have, as the server says."""
        return self._client.max_payload if self._client is not None else 0

    @property
    def jetstream(self) -> JetStreamContext:
        if self._client is None:
            raise BrokerUnavailable("not connected to NATS yet")
        return self._client.jetstream(timeout=_PUBLISH_TIMEOUT_SECONDS)

    async def connect(self) -> None:
        """Connect, waiting for a server that is not there yet."""
        seed = self._settings.nkey_seed_file
        self._client = await nats.connect(
            self._settings.url,
            name=self._name,
            inbox_prefix=inbox_prefix(self._name).encode(),
            nkeys_seed=str(seed) if seed else None,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.5,
            ping_interval=5,
            max_outstanding_pings=2,
            allow_reconnect=True,
            error_cb=_log_error,
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def publish(self, subject: str, body: bytes, message_id: str) -> None:
        """Publish and wait for JetStream's acknowledgement. Raises BrokerUnavailable or StreamMissing."""
        try:
            await self.jetstream.publish(
                subject, body, timeout=_PUBLISH_TIMEOUT_SECONDS, headers={"Nats-Msg-Id": message_id}
            )
        except nats.js.errors.NoStreamResponseError as error:
            raise StreamMissing(subject) from error
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BrokerUnavailable(str(error) or type(error).__name__) from error

    async def send(self, subject: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Publish outside the streams: who does not listen now never gets it. Raises BrokerUnavailable."""
        if self._client is None or not self._client.is_connected:
            raise BrokerUnavailable("not connected to NATS")
        try:
            await self._client.publish(subject, body, headers=headers)
        except (nats.errors.Error, OSError) as error:
            raise BrokerUnavailable(str(error) or type(error).__name__) from error

    async def subscribe(
        self, subject: str, queue: str = "", on_message: Callable[[Msg], Awaitable[None]] | None = None
    ) -> Subscription:
        """Listen to what is sent outside the streams; made again after a reconnect. Raises BrokerUnavailable.

        Of those who listen with the same `queue`, one gets each message.
        """
        if self._client is None:
            raise BrokerUnavailable("not connected to NATS yet")
        return await self._client.subscribe(subject, queue, cb=on_message)

    async def request(self, subject: str, body: bytes, headers: dict[str, str], timeout_seconds: float) -> Msg:
        """What the first who listens answers. Raises BrokerUnavailable: nobody listens, or not in time."""
        if self._client is None or not self._client.is_connected:
            raise BrokerUnavailable("not connected to NATS")
        try:
            return await self._client.request(subject, body, timeout_seconds, headers=headers)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BrokerUnavailable(str(error) or type(error).__name__) from error

    async def ensure_streams(self) -> bool:
        """Make the streams that are missing. True if one was: what it held is lost and has to be sent again."""
        made = [await self._ensure_stream(stream) for stream in Stream]
        return any(made)

    async def _ensure_stream(self, stream: Stream) -> bool:
        try:
            await self.jetstream.stream_info(stream.value)
        except nats.js.errors.NotFoundError:
            log.info("Making stream", stream=stream.value)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BrokerUnavailable(str(error) or type(error).__name__) from error
        else:
            return False
        try:
            await self.jetstream.add_stream(config_of(stream))
        except nats.js.errors.BadRequestError:  # another service made it at the same moment
            return True
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise BrokerUnavailable(str(error) or type(error).__name__) from error
        return True


async def _log_error(error: Exception) -> None:
    log.warning("NATS connection", error=str(error) or type(error).__name__)
    await asyncio.sleep(0)
