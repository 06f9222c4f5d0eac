"""Tables of clusters, of what was asked and seen of their stages, of the timeline and of changes to watch."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Index, Integer, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from brb_api_gateway.database import Base

_Time = DateTime(timezone=True)


class ClusterRow(Base):
    """Kept for a time after the cluster is gone (`deleted_at`), for its timeline and the delete's report."""

    __tablename__ = "clusters"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cloud: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    labels: Mapped[dict[str, str]]
    spec: Mapped[dict[str, Any]]
    generation: Mapped[int] = mapped_column(Integer)
    retry: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[datetime] = mapped_column(_Time)
    created_by: Mapped[str] = mapped_column(Text)
    deletion_requested_at: Mapped[datetime | None] = mapped_column(_Time)
    deleted_at: Mapped[datetime | None] = mapped_column(_Time)
    state: Mapped[str] = mapped_column(Text)
    status: Mapped[dict[str, Any]]
    started_at: Mapped[datetime] = mapped_column(_Time)
    finished_at: Mapped[datetime | None] = mapped_column(_Time)
    deletion_report: Mapped[dict[str, Any] | None]

    __table_args__ = (
        Index(
            "uq_clusters_name", "cloud", "project_id", "name", unique=True, postgresql_where=text("deleted_at IS NULL")
        ),
        Index("ix_clusters_tenant", "cloud", "project_id", "id"),
        Index("ix_clusters_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )


class AskedRow(Base):
    """The desired state that was sent last for a stage."""

    __tablename__ = "asked"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    stage: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[dict[str, Any]]


class SeenRow(Base):
    """The newest observed state of a stage."""

    __tablename__ = "seen"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    stage: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[dict[str, Any]]


class EventRow(Base):
    """The timeline. `id` is the message's, so that one delivered twice is stored once."""

    __tablename__ = "events"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    id: Mapped[str] = mapped_column(Text, unique=True)
    cluster_id: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]]

    __table_args__ = (Index("ix_events_cluster_id", "cluster_id", "seq"),)


class ChangeRow(Base):
    """What watchers are told of, in the order (`xid`, `seq`).

    Identity values can become visible out of order; with the transaction's id and PostgreSQL's horizon of finished
    transactions no reader can miss a row. Source: PostgreSQL documentation, "Transaction ID and Snapshot Functions".
    """

    __tablename__ = "changes"

    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    xid: Mapped[int] = mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text)::bigint"))
    at: Mapped[datetime] = mapped_column(_Time, server_default=func.now())
    cloud: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(Text)
    cluster_id: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any] | None]

    __table_args__ = (Index("ix_changes_order", "xid", "seq"), Index("ix_changes_at", "at"))


class IdempotencyRow(Base):
    __tablename__ = "idempotency_keys"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    project_id: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[str] = mapped_column(Text)
    cluster_id: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Time, server_default=func.now())
