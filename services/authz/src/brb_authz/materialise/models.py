"""Tables of what came of writing access into each cluster, and of whom it leaves out."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from brb_authz.models import Base


class MaterialisationRow(Base):
    """`revision`: of the access world, as it stands in the cluster. `foreign`: namespaces that were left alone."""

    __tablename__ = "materialisations"

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, server_default="0")
    foreign: Mapped[list[str]]
    error: Mapped[str] = mapped_column(Text, server_default="")
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class DisabledSubjectRow(Base):
    """A user whose bindings do not count inside clusters."""

    __tablename__ = "disabled_subjects"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
