"""Tables of users, identity providers and the break-glass password."""

from datetime import datetime

from sqlalchemy import DateTime, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from brb_api_gateway.database import Base


class UserRow(Base):
    """Written at each sign-in. `groups`: as the identity provider told last, in our form (`identity.py`)."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    identity_provider: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    groups: Mapped[list[str]]
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_signed_in_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_users_identity_provider", "identity_provider", "id"),)


class IdentityProviderRow(Base):
    """An OIDC issuer; of Keystone and `local` there is a row only once somebody has disabled it.

    The row of a deleted one stays: users' ids begin with its id, so no other issuer may ever have it.
    """

    __tablename__ = "identity_providers"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str | None] = mapped_column(Text)
    client_id: Mapped[str | None] = mapped_column(Text)
    sealed_client_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]]
    name_claim: Mapped[str] = mapped_column(Text)
    groups_claim: Mapped[str] = mapped_column(Text)
    allowed_groups: Mapped[list[str]]
    generation: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    deleted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BreakGlassRow(Base):
    """The one password that is good now. SHA-256 is enough: it has 160 random bits."""

    __tablename__ = "break_glass"

    password_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
