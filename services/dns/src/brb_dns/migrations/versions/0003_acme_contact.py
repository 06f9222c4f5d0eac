"""The contact that the authority has for the account."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("acme_account", sa.Column("contact", sa.Text(), nullable=True), schema="dns")


def downgrade() -> None:
    op.drop_column("acme_account", "contact", schema="dns")
