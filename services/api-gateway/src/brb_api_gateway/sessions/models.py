"""Table of sessions."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from brb_api_gateway.database import Base


class SessionRow(Base):
    """`token_hash` is SHA-256 of the bearer token: 256 random bits need no slow hash.

    `sealed_token` holds Keystone's token and its catalog. It, the cloud and the project are set where the session came
    from Keystone or has a project attached.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("api_gateway.users.id", ondelete="CASCADE"))
    identity_provider: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    cloud: Mapped[str | None] = mapped_column(Text)
    cloud_user_id: Mapped[str | None] = mapped_column(Text)
    project_id: Mapped[str | None] = mapped_column(Text)
    project_name: Mapped[str | None] = mapped_column(Text)
    sealed_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_sessions_user", "user_id", "cloud", "expires_at"),
        Index("ix_sessions_identity_provider", "identity_provider"),
    )
