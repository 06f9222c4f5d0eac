"""The reader of a service's audit entries, as authz is: over NATS, after the service's own outbox and relay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from brb_shared.contracts.audit import AuditEntry
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.registry import AUDIT_KINDS, Service
from brb_shared.messaging import Broker, NatsSettings, Subscription
from fakes.hub import running


class AuditReader:
    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []
        self._changed = asyncio.Condition()

    async def on_entry(self, envelope: Envelope[Any]) -> None:
        async with self._changed:
            self._entries.append(envelope.data)
            self._changed.notify_all()

    async def until(self, count: int) -> list[AuditEntry]:
        """Oldest first, when there are so many; those of different clusters arrive in any order."""
        async with asyncio.timeout(30), self._changed:
            await self._changed.wait_for(lambda: len(self._entries) >= count)
        assert len(self._entries) == count, self._entries
        return sorted(self._entries, key=lambda entry: entry.response_timestamp)


@asynccontextmanager
async def reading(nats_url: str, service: Service) -> AsyncIterator[AuditReader]:
    broker = Broker(NatsSettings(url=nats_url), name="audit")
    await broker.connect()
    await broker.ensure_streams()
    reader = AuditReader()
    async with running(Subscription(broker, AUDIT_KINDS[service], Service.AUTHZ, reader.on_entry).run()):
        yield reader
    await broker.close()
