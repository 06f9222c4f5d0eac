"""What came of writing access into each cluster."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SCHEMA = "authz"


def upgrade() -> None:
    op.create_table(
        "materialisations",
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("foreign", postgresql.JSONB(), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("cluster_id", name=op.f("pk_materialisations")),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("materialisations", schema=SCHEMA)
