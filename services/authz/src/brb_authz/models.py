"""The tables of the schema `authz`."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Computed, DateTime, Index, LargeBinary, MetaData, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from brb_shared.database import NAMING_CONVENTION
from brb_shared.messaging import OutboxRow as SharedOutboxRow
from brb_shared.messaging.changes import RevisionRow as SharedRevisionRow
from brb_shared.reconcile import WorkRow as SharedWorkRow

SCHEMA = "authz"
_SUBJECT = ("subject_kind", "subject_id")
_SCOPE = ("level", "cluster_id", "project_id", "namespace", "api_group", "resource", "name")


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA, naming_convention=NAMING_CONVENTION)
    type_annotation_map = {dict[str, Any]: JSONB, list[str]: JSONB, list[dict[str, Any]]: JSONB}  # noqa: RUF012  # SQLAlchemy's own form


class OutboxRow(SharedOutboxRow, Base):
    """Changes of the access world."""


class AuditOutboxRow(SharedOutboxRow, Base):
    """Apart from the changes: a flood of denials must not hold up a revocation."""

    __tablename__ = "audit_outbox"


class WorkRow(SharedWorkRow, Base):
    """Keys: `housekeeping`, `cluster:<id>`."""


class RevisionRow(SharedRevisionRow, Base):
    """One row, `access`: the revision of roles, bindings, projects and namespaces together."""


class ChangeRow(Base):
    """What each revision changed, an AccessChanged: how a process of this service catches up without loading all."""

    __tablename__ = "changes"

    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class Tracked:
    """Mixin of what the API changes: `generation` is its ETag."""

    generation: Mapped[int] = mapped_column(BigInteger, server_default="1")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    created_by: Mapped[str] = mapped_column(Text, server_default="")


class RoleRow(Tracked, Base):
    """A role template. The built-in ones are the library's table, written at migrate; nobody edits them."""

    __tablename__ = "roles"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    display_name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    context: Mapped[str] = mapped_column(Text)
    rules: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    inherits: Mapped[list[str]] = mapped_column(JSONB)
    builtin: Mapped[bool] = mapped_column(server_default=text("false"))


class BindingRow(Tracked, Base):
    """Who has which role where. The scope is spread over columns; what its level does not use is empty."""

    __tablename__ = "bindings"
    __table_args__ = (
        Index("uq_bindings_what", *_SUBJECT, "role_id", *_SCOPE, unique=True),
        Index("ix_bindings_role_id", "role_id"),
        Index("ix_bindings_cluster_id", "cluster_id"),
        Index("ix_bindings_project_id", "project_id"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    role_id: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    cluster_id: Mapped[str] = mapped_column(Text, server_default="")
    project_id: Mapped[str] = mapped_column(Text, server_default="")
    namespace: Mapped[str] = mapped_column(Text, server_default="")
    api_group: Mapped[str] = mapped_column(Text, server_default="")
    resource: Mapped[str] = mapped_column(Text, server_default="")
    name: Mapped[str] = mapped_column(Text, server_default="")


class ClusterRow(Base):
    """A cluster that the hub has told of, so that bindings can be made in it; the row ends with the cluster."""

    __tablename__ = "clusters"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class ProjectRow(Tracked, Base):
    """A group of namespaces of one cluster. Quantities as Kubernetes writes them, by its ResourceQuota's keys."""

    __tablename__ = "projects"
    __table_args__ = (Index("ix_projects_cluster_id", "cluster_id"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    cluster_id: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    resource_quota: Mapped[dict[str, Any]] = mapped_column(JSONB)
    namespace_default_resource_quota: Mapped[dict[str, Any]] = mapped_column(JSONB)
    container_default_resource_limit: Mapped[dict[str, Any]] = mapped_column(JSONB)


class NamespaceRow(Tracked, Base):
    """`adopt`: whoever put it here may change namespaces of the whole cluster, so that one which stands in the cluster
    already may be taken over; without, it must be made anew."""

    __tablename__ = "namespaces"
    __table_args__ = (Index("ix_namespaces_project_id", "project_id"),)

    cluster_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    project_id: Mapped[str] = mapped_column(Text)
    adopt: Mapped[bool] = mapped_column(server_default=text("false"))
    resource_quota: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Instead of the project's default; empty: the default."""


class IdempotencyRow(Base):
    """What a POST with an Idempotency-Key was answered with, for when it is repeated."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[str] = mapped_column(Text)
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


def _field(*path: str) -> Computed:
    """A column that cannot say anything else than the entry it is taken from."""
    return Computed("entry #>> '{" + ",".join(path) + "}'", persisted=True)


class AuditRow(Base):
    """An entry of the audit log. Appended only: a trigger and the grants refuse UPDATE, DELETE and TRUNCATE.

    `hash` is sha256 of `previous_hash` and of the entry's canonical form, see `audit.chain`.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_at", "at"),
        Index("ix_audit_entries_user_id", "user_id", "seq"),
        Index("ix_audit_entries_cluster_id", "cluster_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry: Mapped[dict[str, Any]] = mapped_column(JSONB)
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    audit_id: Mapped[str] = mapped_column(Text, _field("audit_id"), unique=True)
    at: Mapped[str] = mapped_column(Text, _field("request_timestamp"))
    service: Mapped[str] = mapped_column(Text, _field("service"))
    method: Mapped[str] = mapped_column(Text, _field("method"))
    user_id: Mapped[str] = mapped_column(Text, _field("user", "id"))
    verb: Mapped[str] = mapped_column(Text, _field("target", "verb"))
    resource: Mapped[str] = mapped_column(Text, _field("target", "resource"))
    cluster_id: Mapped[str] = mapped_column(Text, _field("target", "cluster_id"))
    decision: Mapped[str] = mapped_column(Text, _field("decision"))


class AuditHeadRow(Base):
    """Where the chain ends: one row, whose lock is the chain's one writer."""

    __tablename__ = "audit_head"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditAnchorRow(Base):
    """What retention has removed: entries up to `seq`, the last of which had `hash`. The chain goes on from there."""

    __tablename__ = "audit_anchors"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    removed: Mapped[int] = mapped_column(BigInteger)
    removed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
