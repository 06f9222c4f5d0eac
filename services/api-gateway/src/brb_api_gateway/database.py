"""The declarative base of schema `api_gateway`, and the tables every service has. All tables: `models.py`."""

from typing import Any

from sqlalchemy import MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

from brb_shared.database import NAMING_CONVENTION
from brb_shared.messaging import OutboxRow
from brb_shared.reconcile import WorkRow

SCHEMA = "api_gateway"


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING_CONVENTION)
    type_annotation_map = {dict[str, Any]: JSONB, dict[str, str]: JSONB, list[str]: JSONB}  # noqa: RUF012  # SQLAlchemy's own form


class GatewayOutbox(OutboxRow, Base):
    pass


class Work(WorkRow, Base):
    """Keys: a cluster's id, a credential's id, a delivery's id, or `housekeeping`."""
