"""The tables of the schema `installer`."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, Integer, LargeBinary, MetaData, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from brb_shared.database import NAMING_CONVENTION
from brb_shared.messaging import OutboxRow as SharedOutboxRow
from brb_shared.reconcile import WorkRow as SharedWorkRow

SCHEMA = "installer"


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING_CONVENTION)


class OutboxRow(SharedOutboxRow, Base):
    pass


class WorkRow(SharedWorkRow, Base):
    """Keys: `<cluster id>` for a cluster, `<cluster id>/<machine>` for each of its machines."""


class ClusterRow(Base):
    """One cluster. `revision` is the desired state's; a row whose desired state is absent is a tombstone."""

    __tablename__ = "clusters"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    desired: Mapped[dict[str, Any]] = mapped_column(JSONB)
    taken_up: Mapped[int] = mapped_column(BigInteger, server_default="-1")
    initialized: Mapped[bool] = mapped_column(server_default=text("false"))
    init_server_id: Mapped[str | None] = mapped_column(Text)
    kubernetes_version: Mapped[str | None] = mapped_column(Text)
    joining: Mapped[str | None] = mapped_column(Text)
    admin_access: Mapped[bytes | None] = mapped_column(LargeBinary)
    addons_digest: Mapped[str | None] = mapped_column(Text)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    observed: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    observed_revision: Mapped[int] = mapped_column(BigInteger, server_default="0")


class MachineRow(Base):
    """How far a listed machine has come; a new server id under the old name replaces the row."""

    __tablename__ = "machines"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    server_id: Mapped[str] = mapped_column(Text)
    first_seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    reached: Mapped[bool] = mapped_column(server_default=text("false"))
    prepared: Mapped[bool] = mapped_column(server_default=text("false"))
    init_done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    joined_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    left: Mapped[bool] = mapped_column("has_left", server_default=text("false"))
    drain_started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    rotated_key: Mapped[str | None] = mapped_column(Text)
    rotation_seen: Mapped[bool] = mapped_column(server_default=text("false"))
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class RunRow(Base):
    """One run of a step on a machine, with its whole output, redacted. Recorded before the step starts.

    `output` may be a megabyte: a query that wants it says so.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_cluster_id_started_at", "cluster_id", "started_at"),
        Index("uq_runs_open", "cluster_id", "machine", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cluster_id: Mapped[str] = mapped_column(Text)
    machine: Mapped[str] = mapped_column(Text)
    server_id: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    exit_code: Mapped[int | None] = mapped_column(Integer)
    read_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    output: Mapped[str] = mapped_column(Text, server_default="", deferred=True, deferred_raiseload=True)
