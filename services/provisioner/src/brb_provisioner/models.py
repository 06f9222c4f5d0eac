"""Tables of the schema `provisioner`. Rows never leave `repository.py`."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from brb_shared.database import NAMING_CONVENTION
from brb_shared.messaging import OutboxRow
from brb_shared.reconcile import WorkRow

SCHEMA = "provisioner"


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING_CONVENTION)


class Outbox(OutboxRow, Base):
    pass


class Work(WorkRow, Base):
    pass


class DesiredRow(Base):
    """The newest desired state of each cluster."""

    __tablename__ = "desired"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class ObservedRow(Base):
    """What was last published of each cluster, and whose access it was made with. Kept after the delete: its report."""

    __tablename__ = "observed"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    access: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class LedgerRow(Base):
    """One thing in the cloud that is intended, there, being removed, removed or kept. Written before each create."""

    __tablename__ = "ledger"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    resource_id: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class MachineRow(Base):
    """What is known of each machine beside its ledger entries. `host_key_sealed` is dropped once it is ACTIVE."""

    __tablename__ = "machine"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    host_public_key: Mapped[str] = mapped_column(Text)
    host_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    availability_zone: Mapped[str | None] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text, server_default="")
    tries: Mapped[int] = mapped_column(Integer, server_default="0")
    tries_revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    active_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reachable_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    replace_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
