"""Users who are disabled."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SCHEMA = "authz"


def upgrade() -> None:
    op.create_table(
        "disabled_subjects",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_disabled_subjects")),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.drop_table("disabled_subjects", schema=SCHEMA)
