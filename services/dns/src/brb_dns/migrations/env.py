"""What alembic runs; see brb_shared.database.migrations."""

from brb_dns.certificates.models import Base
from brb_shared.database import run_env

run_env(Base.metadata)
