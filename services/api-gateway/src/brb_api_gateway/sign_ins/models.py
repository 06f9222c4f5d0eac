"""Tables of sign-ins that are under way, and of the codes that the command line gets at the end of one."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from brb_api_gateway.database import Base


class SignInRow(Base):
    """Removed when it is finished, however it ends: nothing of it is good for a second time.

    `state_hash`, `cookie_hash`: SHA-256 of 256 random bits. Browsers have a cookie, programs a `code_challenge`.
    `sealed_attempt`: nonce and PKCE verifier.
    """

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    state_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    identity_provider: Mapped[str] = mapped_column(Text)
    return_to: Mapped[str] = mapped_column(Text)
    cookie_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_challenge: Mapped[str | None] = mapped_column(Text)
    sealed_attempt: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_sign_ins_expires_at", "expires_at"),)


class SignInCodeRow(Base):
    """`code_hash`: SHA-256 of 256 random bits. `identity`: the fields of an Identity."""

    __tablename__ = "sign_in_codes"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    code_challenge: Mapped[str] = mapped_column(Text)
    identity: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
