"""The tables of the first version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('desired',
        sa.Column('cluster_id', sa.Text(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.Column('document', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('cluster_id', name=op.f('pk_desired')),
        schema='provisioner'
    )
    op.create_table('ledger',
        sa.Column('cluster_id', sa.Text(), nullable=False),
        sa.Column('type', sa.Text(), nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('resource_id', sa.Text(), nullable=True),
        sa.Column('address', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('cluster_id', 'type', 'key', name=op.f('pk_ledger')),
        schema='provisioner'
    )
    op.create_table('machine',
        sa.Column('cluster_id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('host_public_key', sa.Text(), nullable=False),
        sa.Column('host_key_sealed', sa.LargeBinary(), nullable=True),
        sa.Column('availability_zone', sa.Text(), nullable=True),
        sa.Column('evidence', sa.Text(), server_default='', nullable=False),
        sa.Column('tries', sa.Integer(), server_default='0', nullable=False),
        sa.Column('tries_revision', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('active_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('reachable_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('replace_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('cluster_id', 'name', name=op.f('pk_machine')),
        schema='provisioner'
    )
    op.create_table('observed',
        sa.Column('cluster_id', sa.Text(), nullable=False),
        sa.Column('revision', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('document', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column('access', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('cluster_id', name=op.f('pk_observed')),
        schema='provisioner'
    )
    op.create_table('outbox',
        sa.Column('seq', sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('subject', sa.Text(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('seq', name=op.f('pk_outbox')),
        sa.UniqueConstraint('id', name=op.f('uq_outbox_id')),
        schema='provisioner'
    )
    op.create_table('work',
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('due_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('wakes', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('lease_owner', sa.Text(), nullable=True),
        sa.Column('lease_token', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('failures', sa.Integer(), server_default='0', nullable=False),
        sa.Column('reason', sa.Text(), server_default='', nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_work')),
        schema='provisioner'
    )
    op.create_index(op.f('ix_provisioner_work_due_at'), 'work', ['due_at'], unique=False, schema='provisioner')


def downgrade() -> None:
    op.drop_index(op.f('ix_provisioner_work_due_at'), table_name='work', schema='provisioner')
    op.drop_table('work', schema='provisioner')
    op.drop_table('outbox', schema='provisioner')
    op.drop_table('observed', schema='provisioner')
    op.drop_table('machine', schema='provisioner')
    op.drop_table('ledger', schema='provisioner')
    op.drop_table('desired', schema='provisioner')
