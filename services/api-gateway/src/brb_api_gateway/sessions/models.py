"""Table of sessions."""

from datetime import datetime

from sqlalchemy import DateTime, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from brb_api_gateway.database import Base


class SessionRow(Base):
    """`token_hash` is SHA-256 of the bearer token: 256 random bits need no slow hash.

    `sealed_token` holds Keystone's token and its catalog.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    cloud: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(Text)
    user_name: Mapped[str] = mapped_column(Text)
    project_id: Mapped[str] = mapped_column(Text)
    project_name: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    sealed_token: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_sessions_user", "cloud", "user_id", "expires_at"),)
