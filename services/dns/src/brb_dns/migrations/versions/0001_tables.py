"""The tables of the first version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('address',
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('cluster_id', sa.Text(), nullable=False),
        sa.Column('cloud', sa.Text(), nullable=False),
        sa.Column('project_id', sa.Text(), nullable=False),
        sa.Column('project', sa.Text(), nullable=False),
        sa.Column('domain', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('address', name=op.f('pk_address')),
        schema='dns'
    )
    op.create_index(op.f('ix_dns_address_cluster_id'), 'address', ['cluster_id'], unique=False, schema='dns')
    op.create_table('desired',
        sa.Column('cluster_id', sa.Text(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.Column('document', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('cluster_id', name=op.f('pk_desired')),
        schema='dns'
    )
    op.create_table('hostname',
        sa.Column('label', sa.Text(), nullable=False),
        sa.Column('cloud', sa.Text(), nullable=False),
        sa.Column('project_id', sa.Text(), nullable=False),
        sa.Column('freed_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('label', name=op.f('pk_hostname')),
        schema='dns'
    )
    op.create_table('key',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('cloud', sa.Text(), nullable=True),
        sa.Column('project_id', sa.Text(), nullable=True),
        sa.Column('description', sa.Text(), server_default='', nullable=False),
        sa.Column('names', postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column('types', postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column('may_transfer', sa.Boolean(), server_default='false', nullable=False),
        sa.Column('secret_sealed', sa.LargeBinary(), nullable=False),
        sa.Column('created_by', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_key')),
        schema='dns'
    )
    op.create_table('observed',
        sa.Column('cluster_id', sa.Text(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.Column('document', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('cluster_id', name=op.f('pk_observed')),
        schema='dns'
    )
    op.create_table('outbox',
        sa.Column('seq', sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('subject', sa.Text(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('seq', name=op.f('pk_outbox')),
        sa.UniqueConstraint('id', name=op.f('uq_outbox_id')),
        schema='dns'
    )
    op.create_table('record',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('type', sa.Text(), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.Column('ttl_seconds', sa.Integer(), nullable=False),
        sa.Column('cloud', sa.Text(), nullable=False),
        sa.Column('project_id', sa.Text(), nullable=False),
        sa.Column('cluster_id', sa.Text(), nullable=True),
        sa.Column('address', sa.Text(), nullable=True),
        sa.Column('label', sa.Text(), nullable=True),
        sa.Column('source', sa.Text(), nullable=False),
        sa.Column('created_by', sa.Text(), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_record')),
        schema='dns'
    )
    op.create_index(op.f('ix_dns_record_address'), 'record', ['address'], unique=False, schema='dns')
    op.create_index(op.f('ix_dns_record_cloud'), 'record', ['cloud', 'project_id'], unique=False, schema='dns')
    op.create_index(op.f('ix_dns_record_cluster_id'), 'record', ['cluster_id'], unique=False, schema='dns')
    op.create_index(op.f('ix_dns_record_label'), 'record', ['label'], unique=False, schema='dns')
    op.create_index(op.f('ix_dns_record_name'), 'record', ['name'], unique=False, schema='dns')
    op.create_table('revision',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('value', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_revision')),
        schema='dns'
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
        schema='dns'
    )
    op.create_index(op.f('ix_dns_work_due_at'), 'work', ['due_at'], unique=False, schema='dns')
    op.create_table('zone',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('serial', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_zone')),
        schema='dns'
    )


def downgrade() -> None:
    op.drop_table('zone', schema='dns')
    op.drop_index(op.f('ix_dns_work_due_at'), table_name='work', schema='dns')
    op.drop_table('work', schema='dns')
    op.drop_table('revision', schema='dns')
    op.drop_index(op.f('ix_dns_record_name'), table_name='record', schema='dns')
    op.drop_index(op.f('ix_dns_record_label'), table_name='record', schema='dns')
    op.drop_index(op.f('ix_dns_record_cluster_id'), table_name='record', schema='dns')
    op.drop_index(op.f('ix_dns_record_cloud'), table_name='record', schema='dns')
    op.drop_index(op.f('ix_dns_record_address'), table_name='record', schema='dns')
    op.drop_table('record', schema='dns')
    op.drop_table('outbox', schema='dns')
    op.drop_table('observed', schema='dns')
    op.drop_table('key', schema='dns')
    op.drop_table('hostname', schema='dns')
    op.drop_table('desired', schema='dns')
    op.drop_index(op.f('ix_dns_address_cluster_id'), table_name='address', schema='dns')
    op.drop_table('address', schema='dns')
