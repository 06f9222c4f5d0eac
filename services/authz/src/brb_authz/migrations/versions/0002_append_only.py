"""the audit log is append-only

The trigger refuses every change of a row, and every removal but retention's: a prefix that an anchor speaks for. The
grants refuse the same to the service's own login, which owns the table and could give them back to itself: the chain
of hashes is what finds that out.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

REFUSE = """
CREATE FUNCTION authz.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    retention text := current_setting('authz.retention', true);
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_entries' AND retention ~ '^[0-9]+$' THEN
        IF OLD.seq <= retention::bigint
           AND EXISTS (SELECT 1 FROM authz.audit_anchors WHERE seq = retention::bigint) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$
"""

REMOVE = """
CREATE FUNCTION authz.remove_audit_entries(last_seq bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    removed_rows bigint;
BEGIN
    PERFORM 1 FROM authz.audit_head WHERE name = 'main' FOR UPDATE;
    INSERT INTO authz.audit_anchors (seq, hash, removed)
        SELECT e.seq, e.hash, e.seq + 1 - (SELECT min(seq) FROM authz.audit_entries)
        FROM authz.audit_entries e WHERE e.seq = last_seq;
    PERFORM set_config('authz.retention', last_seq::text, true);
    GRANT DELETE ON authz.audit_entries TO CURRENT_USER;
    DELETE FROM authz.audit_entries WHERE seq <= last_seq;
    GET DIAGNOSTICS removed_rows = ROW_COUNT;
    REVOKE DELETE ON authz.audit_entries FROM CURRENT_USER;
    PERFORM set_config('authz.retention', '', true);
    RETURN removed_rows;
END
$$
"""


def upgrade() -> None:
    op.execute("INSERT INTO authz.audit_head (name, seq, hash) VALUES ('main', 0, decode(repeat('00', 32), 'hex'))")
    op.execute(REFUSE)
    op.execute(REMOVE)
    for table in ("audit_entries", "audit_anchors"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON authz.{table} "
            "FOR EACH ROW EXECUTE FUNCTION authz.refuse_audit_change()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON authz.{table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION authz.refuse_audit_change()"
        )
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON authz.{table} FROM CURRENT_USER")


def downgrade() -> None:
    for table in ("audit_entries", "audit_anchors"):
        op.execute(f"DROP TRIGGER append_only ON authz.{table}")
        op.execute(f"DROP TRIGGER no_truncate ON authz.{table}")
        op.execute(f"GRANT UPDATE, DELETE, TRUNCATE ON authz.{table} TO CURRENT_USER")
    op.execute("DROP FUNCTION authz.remove_audit_entries")
    op.execute("DROP FUNCTION authz.refuse_audit_change")
    op.execute("DELETE FROM authz.audit_head")
