"""Table of credentials."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, DateTime, Index, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from brb_api_gateway.database import Base


class CredentialState(StrEnum):
    INTENT = "intent"
    """Written before Keystone is asked: what an ended request left behind is found by its name and removed."""
    READY = "ready"
    DELETING = "deleting"


class CredentialRow(Base):
    __tablename__ = "credentials"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    cloud: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(Text)
    keystone_name: Mapped[str] = mapped_column(Text)
    application_credential_id: Mapped[str | None] = mapped_column(Text)
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_by_platform: Mapped[bool] = mapped_column(Boolean)
    cluster_id: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (
        Index("ix_credentials_tenant", "cloud", "project_id"),
        Index("ix_credentials_cluster_id", "cluster_id"),
    )
