"""Tables of the certificates, in the schema `dns`. Rows never leave `repository.py`."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Identity, Index, Integer, LargeBinary, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from brb_dns.models import Base
from brb_shared.reconcile import WorkRow


class CertificateWork(WorkRow, Base):
    """The certificates' own loop: they wait for hours, and on other things than the zone."""

    __tablename__ = "certificate_work"


class AccountRow(Base):
    """`key_sealed` opens with tenant = the directory, object `acme_account`, field `key`."""

    __tablename__ = "acme_account"

    directory: Mapped[str] = mapped_column(Text, primary_key=True)
    key_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    uri: Mapped[str | None] = mapped_column(Text)
    contact: Mapped[str | None] = mapped_column(Text)
    held_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class CertificateRow(Base):
    """One name's certificate. The private keys open with tenant = the project id, the row's id, field `private_key`.

    A name has one wanted row; one that is being removed may stand beside it.
    """

    __tablename__ = "certificate"
    __table_args__ = (
        Index("uq_certificate_name", "name", unique=True, postgresql_where="wanted"),
        Index(None, "cloud", "project_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    cloud: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(Text)
    cluster_id: Mapped[str] = mapped_column(Text, index=True)
    address: Mapped[str] = mapped_column(Text)
    project: Mapped[str] = mapped_column(Text)
    wanted: Mapped[bool] = mapped_column(Boolean, server_default="true")
    generation: Mapped[int] = mapped_column(BigInteger, server_default="1")
    asked: Mapped[int] = mapped_column(BigInteger, server_default="0")
    seen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    retry_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    held_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    order_directory: Mapped[str | None] = mapped_column(Text)
    order_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    order_began_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    order_url: Mapped[str | None] = mapped_column(Text)
    order_replaces: Mapped[str | None] = mapped_column(Text)
    order_proofs: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB)
    order_answered: Mapped[list[str] | None] = mapped_column(ARRAY(Text))

    issued_directory: Mapped[str | None] = mapped_column(Text)
    issued_fullchain_pem: Mapped[str | None] = mapped_column(Text)
    issued_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    issued_serial: Mapped[str | None] = mapped_column(Text)
    issued_not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    issued_not_after: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    issued_renew_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    issued_ask_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AttemptRow(Base):
    """What counts against the authority's limits. Rows older than the longest limit are dropped."""

    __tablename__ = "certificate_attempt"
    __table_args__ = (Index(None, "directory", "attempt", "at"),)

    seq: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    directory: Mapped[str] = mapped_column(Text)
    attempt: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    registered_domain: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TallyRow(Base):
    """How often each thing was done, for the metrics: counters that outlive the process."""

    __tablename__ = "certificate_tally"

    attempt: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
