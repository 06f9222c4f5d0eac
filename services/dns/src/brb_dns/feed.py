"""What the answering processes are fed with: the snapshot over HTTP, the changes over JetStream, updates passed on.

The supervisor keeps what it was given last, on disk too: it answers while NATS, PostgreSQL and the control API are
down.
"""

import asyncio
from typing import Literal, Protocol

import dns.flags
import dns.rcode
import httpx
import structlog

from brb_dns.zone.records import Change, RecordKey, RecordSet, Snapshot
from brb_shared.contracts.registry import Service
from brb_shared.contracts.zone import RRset, ZoneChanged, ZoneSnapshot
from brb_shared.http import ServiceKey

log = structlog.get_logger()

DNS_MESSAGE = "application/dns-message"
SNAPSHOT_SECONDS = 30.0
_SIGNED_SECONDS = 4.0
"""Less than a client waits before it asks again."""

_HEADER_BYTES = 12


class Served(Protocol):
    """What the supervisor of the servers is to its feed: each call is passed to all workers at once."""

    @property
    def revision(self) -> int: ...

    def replace(self, snapshot: Snapshot) -> None: ...

    def apply(self, change: Change) -> None: ...


class ControlClient:
    """The control API, as its own service's other processes call it."""

    def __init__(self, client: httpx.AsyncClient, key: ServiceKey) -> None:
        self._client = client
        self._key = key

    async def snapshot(self) -> ZoneSnapshot:
        """Raises httpx.HTTPError."""
        headers = self._key.headers(Service.DNS)
        answer = await self._client.get("/internal/v1/snapshot", headers=headers, timeout=SNAPSHOT_SECONDS)
        answer.raise_for_status()
        return ZoneSnapshot.model_validate_json(answer.content)

    async def pass_on(self, wire: bytes, transport: str, client: str) -> list[bytes]:
        """A signed message to its signed answers; more than one for a transfer. Raises httpx.HTTPError.

        `client`: the address it came from, for the audit log.
        """
        headers = {**self._key.headers(Service.DNS), "Content-Type": DNS_MESSAGE}
        answer = await self._client.post(
            "/internal/v1/messages",
            params={"transport": transport, "client": client},
            content=wire,
            headers=headers,
            timeout=_SIGNED_SECONDS,
        )
        answer.raise_for_status()
        return unframed(answer.content)


class ZoneReplica:
    """Implements `brb_shared.messaging.follower.Replica`: what is served is the replica."""

    def __init__(self, served: Served, control: ControlClient) -> None:
        self._served = served
        self._control = control

    @property
    def revision(self) -> int:
        return self._served.revision

    async def load(self) -> None:
        """Raises httpx.HTTPError."""
        whole = await self._control.snapshot()
        records = tuple(_record_set(rrset) for rrset in whole.rrsets)
        self._served.replace(Snapshot(revision=whole.revision, serial=whole.serial, records=records))
        log.info("Zone loaded", revision=whole.revision, serial=whole.serial, rrsets=len(records))

    def apply(self, change: ZoneChanged) -> None:
        self._served.apply(
            Change(
                revision=change.revision,
                serial=change.serial,
                upserts=tuple(_record_set(rrset) for rrset in change.upserts),
                deletes=tuple(RecordKey(key.name, key.type) for key in change.deletes),
            )
        )


class SignedMessages:
    """The server's hook for messages with a TSIG: the control API has the keys and decides."""

    def __init__(self, at_once: int) -> None:
        self.control: ControlClient | None = None
        """Set once there is one: the servers are made first."""
        self._slots = asyncio.Semaphore(at_once)

    async def on_signed(
        self, wire: bytes, transport: Literal["udp", "tcp"], client: tuple[str, int]
    ) -> list[bytes] | None:
        """SERVFAIL without a signature when the control API cannot be asked: the client asks again later."""
        if self.control is None or self._slots.locked():
            return [servfail(wire)]
        async with self._slots:
            try:
                return await self.control.pass_on(wire, transport, client[0])
            except httpx.HTTPError as error:
                log.warning("Signed message not passed on", error=str(error) or type(error).__name__)
                return [servfail(wire)]


def framed(messages: list[bytes]) -> bytes:
    """As over TCP: each behind its length in two bytes. Source: RFC 1035, section 4.2.2."""
    return b"".join(len(message).to_bytes(2) + message for message in messages)


def unframed(stream: bytes) -> list[bytes]:
    messages = []
    while stream:
        end = 2 + int.from_bytes(stream[:2])
        messages.append(stream[2:end])
        stream = stream[end:]
    return messages


def servfail(wire: bytes) -> bytes:
    """A bare header with the id and opcode of the message."""
    opcode_and_recursion = int.from_bytes(wire[2:4]) & 0x7900
    flags = int(dns.flags.QR) | opcode_and_recursion | int(dns.rcode.SERVFAIL)
    return wire[:2] + flags.to_bytes(2) + bytes(_HEADER_BYTES - 4)


def _record_set(rrset: RRset) -> RecordSet:
    return RecordSet(name=rrset.name, type=rrset.type, ttl_seconds=rrset.ttl_seconds, values=rrset.values)
