"""What alembic runs; see brb_shared.database.migrations."""

from brb_authz.materialise.models import MaterialisationRow
from brb_authz.models import Base
from brb_shared.database import run_env

assert MaterialisationRow.metadata is Base.metadata
run_env(Base.metadata)
