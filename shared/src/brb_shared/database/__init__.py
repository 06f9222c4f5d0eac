"""PostgreSQL, the truth: one schema and one alembic history per service."""

from brb_shared.database.engine import NAMING_CONVENTION, Database
from brb_shared.database.migrations import run_env, run_migrations
from brb_shared.database.notify import listen, notification, notify
from brb_shared.database.upsert import upsert_if_newer

__all__ = [
    "NAMING_CONVENTION",
    "Database",
    "listen",
    "notification",
    "notify",
    "run_env",
    "run_migrations",
    "upsert_if_newer",
]
