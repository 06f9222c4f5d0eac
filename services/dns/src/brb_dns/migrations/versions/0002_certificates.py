"""The tables of the certificates."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('acme_account',
        sa.Column('directory', sa.Text(), nullable=False),
        sa.Column('key_sealed', sa.LargeBinary(), nullable=False),
        sa.Column('uri', sa.Text(), nullable=True),
        sa.Column('held_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('directory', name=op.f('pk_acme_account')),
        schema='dns'
    )
    op.create_table('certificate',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('cloud', sa.Text(), nullable=False),
        sa.Column('project_id', sa.Text(), nullable=False),
        sa.Column('cluster_id', sa.Text(), nullable=False),
        sa.Column('address', sa.Text(), nullable=False),
        sa.Column('project', sa.Text(), nullable=False),
        sa.Column('wanted', sa.Boolean(), server_default='true', nullable=False),
        sa.Column('generation', sa.BigInteger(), server_default='1', nullable=False),
        sa.Column('asked', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('seen', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('failures', sa.Integer(), server_default='0', nullable=False),
        sa.Column('retry_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('held_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('conditions', postgresql.JSONB(astext_type=sa.Text()), server_default='[]', nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('order_directory', sa.Text(), nullable=True),
        sa.Column('order_key_sealed', sa.LargeBinary(), nullable=True),
        sa.Column('order_began_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('order_url', sa.Text(), nullable=True),
        sa.Column('order_replaces', sa.Text(), nullable=True),
        sa.Column('order_proofs', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column('order_answered', postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column('issued_directory', sa.Text(), nullable=True),
        sa.Column('issued_fullchain_pem', sa.Text(), nullable=True),
        sa.Column('issued_key_sealed', sa.LargeBinary(), nullable=True),
        sa.Column('issued_serial', sa.Text(), nullable=True),
        sa.Column('issued_not_before', sa.DateTime(timezone=True), nullable=True),
        sa.Column('issued_not_after', sa.DateTime(timezone=True), nullable=True),
        sa.Column('issued_renew_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('issued_ask_at', sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate')),
        schema='dns'
    )
    op.create_index(op.f('ix_dns_certificate_cloud'), 'certificate', ['cloud', 'project_id'], unique=False, schema='dns')
    op.create_index(op.f('ix_dns_certificate_cluster_id'), 'certificate', ['cluster_id'], unique=False, schema='dns')
    op.create_index('uq_certificate_name', 'certificate', ['name'], unique=True, schema='dns', postgresql_where='wanted')
    op.create_table('certificate_attempt',
        sa.Column('seq', sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column('directory', sa.Text(), nullable=False),
        sa.Column('attempt', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('registered_domain', sa.Text(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('seq', name=op.f('pk_certificate_attempt')),
        schema='dns'
    )
    op.create_index(op.f('ix_dns_certificate_attempt_directory'), 'certificate_attempt', ['directory', 'attempt', 'at'], unique=False, schema='dns')
    op.create_table('certificate_tally',
        sa.Column('attempt', sa.Text(), nullable=False),
        sa.Column('count', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('attempt', name=op.f('pk_certificate_tally')),
        schema='dns'
    )
    op.create_table('certificate_work',
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('due_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('wakes', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('lease_owner', sa.Text(), nullable=True),
        sa.Column('lease_token', sa.BigInteger(), server_default='0', nullable=False),
        sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
        sa.Column('failures', sa.Integer(), server_default='0', nullable=False),
        sa.Column('reason', sa.Text(), server_default='', nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_certificate_work')),
        schema='dns'
    )
    op.create_index(op.f('ix_dns_certificate_work_due_at'), 'certificate_work', ['due_at'], unique=False, schema='dns')


def downgrade() -> None:
    op.drop_index(op.f('ix_dns_certificate_work_due_at'), table_name='certificate_work', schema='dns')
    op.drop_table('certificate_work', schema='dns')
    op.drop_table('certificate_tally', schema='dns')
    op.drop_index(op.f('ix_dns_certificate_attempt_directory'), table_name='certificate_attempt', schema='dns')
    op.drop_table('certificate_attempt', schema='dns')
    op.drop_index('uq_certificate_name', table_name='certificate', schema='dns', postgresql_where='wanted')
    op.drop_index(op.f('ix_dns_certificate_cluster_id'), table_name='certificate', schema='dns')
    op.drop_index(op.f('ix_dns_certificate_cloud'), table_name='certificate', schema='dns')
    op.drop_table('certificate', schema='dns')
    op.drop_table('acme_account', schema='dns')
