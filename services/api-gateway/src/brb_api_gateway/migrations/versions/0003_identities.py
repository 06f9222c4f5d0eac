"""Users, identity providers, the break-glass password; sessions and tokens without a cloud's project"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SCHEMA = "api_gateway"
_TIME = sa.DateTime(timezone=True)
_OF_A_PROJECT = ("cloud", "project_id", "project_name")
_KEPT = {"sessions": "sealed_token", "api_tokens": "credential_id"}

_USERS_OF = """
    INSERT INTO api_gateway.users
        (id, identity_provider, subject, name, groups, created_at, last_signed_in_at)
    SELECT DISTINCT ON (user_id)
        user_id, 'keystone-' || cloud, user_id, user_name, '[]'::jsonb, created_at, created_at
    FROM api_gateway.{table} ORDER BY user_id, created_at DESC
    ON CONFLICT DO NOTHING
"""
_PROVIDER_OF = "UPDATE api_gateway.{table} SET identity_provider = 'keystone-' || cloud, cloud_user_id = user_id"


def upgrade() -> None:
    _create_users()
    _create_identity_providers()
    op.create_table(
        "break_glass",
        sa.Column("password_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("password_hash", name=op.f("pk_break_glass")),
        schema=SCHEMA,
    )
    for table in _KEPT:
        _belong_to_users(table)
    op.drop_index("ix_sessions_user", "sessions", schema=SCHEMA)
    op.create_index("ix_sessions_user", "sessions", ["user_id", "cloud", "expires_at"], schema=SCHEMA)
    op.drop_index("ix_api_tokens_owner", "api_tokens", schema=SCHEMA)
    op.create_index("ix_api_tokens_owner", "api_tokens", ["user_id"], schema=SCHEMA)


def _create_users() -> None:
    op.create_table(
        "users",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "identity_provider", "subject", "name")),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("groups", postgresql.JSONB(), nullable=False),
        sa.Column("disabled_at", _TIME, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("last_signed_in_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        schema=SCHEMA,
    )
    op.create_index("ix_users_identity_provider", "users", ["identity_provider", "id"], schema=SCHEMA)


def _create_identity_providers() -> None:
    op.create_table(
        "identity_providers",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("id", "kind", "display_name")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("issuer", "client_id")),
        sa.Column("sealed_client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name_claim", "groups_claim")),
        sa.Column("allowed_groups", postgresql.JSONB(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        *(sa.Column(name, _TIME, nullable=True) for name in ("disabled_at", "deleted_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_providers")),
        schema=SCHEMA,
    )


def _belong_to_users(table: str) -> None:
    """All that is there came from Keystone."""
    for name in ("identity_provider", "cloud_user_id"):
        op.add_column(table, sa.Column(name, sa.Text(), nullable=True), schema=SCHEMA)
    op.execute(_USERS_OF.format(table=table))
    op.execute(_PROVIDER_OF.format(table=table))
    op.alter_column(table, "identity_provider", nullable=False, schema=SCHEMA)
    op.drop_column(table, "user_name", schema=SCHEMA)
    for name in (*_OF_A_PROJECT, _KEPT[table]):
        op.alter_column(table, name, nullable=True, schema=SCHEMA)
    op.create_foreign_key(
        op.f(f"fk_{table}_user_id_users"),
        table,
        "users",
        ["user_id"],
        ["id"],
        source_schema=SCHEMA,
        referent_schema=SCHEMA,
        ondelete="CASCADE",
    )
    op.create_index(f"ix_{table}_identity_provider", table, ["identity_provider"], schema=SCHEMA)


def downgrade() -> None:
    """Who has no project in a cloud has to sign in again: there was no such thing before."""
    for table, kept in _KEPT.items():
        op.execute(f"DELETE FROM api_gateway.{table} WHERE cloud IS NULL OR {kept} IS NULL")
        op.drop_index(f"ix_{table}_identity_provider", table, schema=SCHEMA)
        op.drop_constraint(op.f(f"fk_{table}_user_id_users"), table, schema=SCHEMA)
        op.add_column(table, sa.Column("user_name", sa.Text(), nullable=True), schema=SCHEMA)
        op.execute(
            f"UPDATE api_gateway.{table} AS t SET user_name = u.name FROM api_gateway.users AS u WHERE u.id = t.user_id"
        )
        for name in (*_OF_A_PROJECT, kept, "user_name"):
            op.alter_column(table, name, nullable=False, schema=SCHEMA)
    op.drop_index("ix_sessions_user", "sessions", schema=SCHEMA)
    op.drop_index("ix_api_tokens_owner", "api_tokens", schema=SCHEMA)
    for table in _KEPT:
        for name in ("identity_provider", "cloud_user_id"):
            op.drop_column(table, name, schema=SCHEMA)
    op.create_index("ix_sessions_user", "sessions", ["cloud", "user_id", "expires_at"], schema=SCHEMA)
    op.create_index("ix_api_tokens_owner", "api_tokens", ["cloud", "project_id", "user_id"], schema=SCHEMA)
    for table in ("break_glass", "identity_providers", "users"):
        op.drop_table(table, schema=SCHEMA)
