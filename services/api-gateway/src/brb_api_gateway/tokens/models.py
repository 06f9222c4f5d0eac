"""Table of API tokens."""

from datetime import datetime

from sqlalchemy import DateTime, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from brb_api_gateway.database import Base


class ApiTokenRow(Base):
    """`token_hash` is SHA-256 of the bearer token: 256 random bits need no slow hash.

    `credential_id` names the restricted application credential with which it speaks to the cloud. It and the project
    are not set where the maker had none: such a token does not reach the cloud.
    """

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str] = mapped_column(ForeignKey("api_gateway.users.id", ondelete="CASCADE"))
    identity_provider: Mapped[str] = mapped_column(Text)
    cloud: Mapped[str | None] = mapped_column(Text)
    cloud_user_id: Mapped[str | None] = mapped_column(Text)
    project_id: Mapped[str | None] = mapped_column(Text)
    project_name: Mapped[str | None] = mapped_column(Text)
    credential_id: Mapped[str | None] = mapped_column(Text)
    verbs: Mapped[list[str]]
    resources: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_api_tokens_owner", "user_id"),
        Index("ix_api_tokens_identity_provider", "identity_provider"),
    )
