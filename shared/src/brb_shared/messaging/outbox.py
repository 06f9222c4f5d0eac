"""The transactional outbox: a message is a row, written with the change it tells of."""

from datetime import datetime

import structlog
from sqlalchemy import BigInteger, DateTime, Identity, Text, func, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from brb_shared.contracts.base import Contract
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.registry import Kind, Service
from brb_shared.database.notify import notification

_AnyEnvelope = Envelope[Contract]
"""Kept, because pydantic forgets a parametrised model that nobody holds and would build it again for each message."""


class OutboxRow:
    """Mixin of a service's table `outbox`. `seq` is the order of publishing, `id` the message's identity."""

    __tablename__ = "outbox"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    id: Mapped[str] = mapped_column(Text, unique=True)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


def channel_of(model: type[OutboxRow]) -> str:
    """The NOTIFY channel of a service's outbox, such as `brb_provisioner_outbox`."""
    schema = model.metadata.schema  # type: ignore[attr-defined]  # the service's declarative base has it
    return f"brb_{schema}_outbox"


class Outbox:
    def __init__(self, model: type[OutboxRow], source: Service) -> None:
        self._model = model
        self._source = source

    async def add(
        self,
        session: AsyncSession,
        kind: Kind,
        data: Contract,
        *,
        cluster_id: str,
        revision: int,
        generation: int,
        correlationid: str | None = None,
    ) -> None:
        """Put a message into the caller's transaction. Only the kind's single writer may."""
        if kind.writer is not self._source:
            raise ValueError(f"{self._source} does not write {kind.type}")
        envelope = _AnyEnvelope(
            source=f"/brb/{self._source}",
            type=kind.type,
            subject=cluster_id,
            generation=generation,
            revision=revision,
            traceparent=structlog.contextvars.get_contextvars().get("traceparent"),
            correlationid=correlationid,
            data=data,
        )
        body = envelope.model_dump_json(serialize_as_any=True)
        row = insert(self._model).values(id=envelope.id, subject=kind.subject(cluster_id), body=body)
        await session.execute(row.returning(notification(channel_of(self._model))))

    async def happen(self, session: AsyncSession, kind: Kind, happened: Happened, *, generation: int = 0) -> None:
        """Add to the timeline."""
        await self.add(session, kind, happened, cluster_id=happened.cluster_id, revision=0, generation=generation)
