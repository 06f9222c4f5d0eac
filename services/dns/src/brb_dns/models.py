"""Tables of the schema `dns`. Rows never leave the modules that have the SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Index, Integer, LargeBinary, MetaData, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from brb_shared.database import NAMING_CONVENTION
from brb_shared.messaging import OutboxRow
from brb_shared.messaging.changes import RevisionRow
from brb_shared.reconcile import WorkRow

SCHEMA = "dns"


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING_CONVENTION)


class Outbox(OutboxRow, Base):
    pass


class AuditOutbox(OutboxRow, Base):
    """Apart from the zone's changes: a flood of refused updates must not hold up a record."""

    __tablename__ = "audit_outbox"


class Work(WorkRow, Base):
    pass


class Revision(RevisionRow, Base):
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
    """What was last published of each cluster."""

    __tablename__ = "observed"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )


class ZoneRow(Base):
    """The serial of the zone. Locked by whoever changes records: one writer at a time."""

    __tablename__ = "zone"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    serial: Mapped[int] = mapped_column(BigInteger)


class AddressRow(Base):
    """An address, and the cluster that owns every name under it. The key keeps it to one cluster at a time."""

    __tablename__ = "address"

    address: Mapped[str] = mapped_column(Text, primary_key=True)
    cluster_id: Mapped[str] = mapped_column(Text, index=True)
    cloud: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(Text)
    project: Mapped[str] = mapped_column(Text)
    domain: Mapped[str] = mapped_column(Text)


class HostnameRow(Base):
    """A label of the user hostnames: the first tenant that uses it owns it, and keeps it a while when unused."""

    __tablename__ = "hostname"

    label: Mapped[str] = mapped_column(Text, primary_key=True)
    cloud: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(Text)
    freed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RecordRow(Base):
    """One explicit record. Its RRset is made of all rows of its name and type, which share one TTL.

    A value is there once for a name and type; `editing` sees to it under the zone's lock (it may be too long for an
    index). `address`: the one whose subtree the name lies in; None: a user hostname.
    `cluster_id` None: the tenant's own.
    """

    __tablename__ = "record"
    __table_args__ = (Index(None, "cloud", "project_id"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, index=True)
    type: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    ttl_seconds: Mapped[int] = mapped_column(Integer)
    cloud: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(Text)
    cluster_id: Mapped[str | None] = mapped_column(Text, index=True)
    address: Mapped[str | None] = mapped_column(Text, index=True)
    label: Mapped[str | None] = mapped_column(Text, index=True)
    source: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class KeyRow(Base):
    """A TSIG key; its id is its name on the wire. Without a tenant it is the operator's, for secondaries."""

    __tablename__ = "key"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cloud: Mapped[str | None] = mapped_column(Text)
    project_id: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    names: Mapped[list[str]] = mapped_column(ARRAY(Text))
    types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    may_transfer: Mapped[bool] = mapped_column(server_default="false")
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_by: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
