"""Alembic's entry."""

from brb_api_gateway.models import Base
from brb_shared.database import run_env

run_env(Base.metadata)
