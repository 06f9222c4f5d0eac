"""The facts of one cluster from PostgreSQL, and the record of what came of them."""

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz import repository
from brb_authz.materialise.facts import ClusterFacts, NamespaceFacts
from brb_authz.materialise.models import DisabledSubjectRow, MaterialisationRow
from brb_authz.models import BindingRow, NamespaceRow, ProjectRow, RevisionRow, RoleRow
from brb_authz.rows import to_binding, to_role
from brb_shared.access.model import Binding, Level, Rule, Subject, SubjectKind
from brb_shared.access.roles import RoleBook
from brb_shared.messaging.changes import current_revision


async def load_facts(session: AsyncSession, cluster_id: str) -> ClusterFacts | None:
    """None: the cluster is gone. The session's transaction must be repeatable read."""
    if not await repository.cluster_is_known(session, cluster_id):
        return None
    revision = await current_revision(session, RevisionRow, repository.NAME)
    bindings = await _bindings(session, cluster_id)
    rules = _rules(RoleBook(map(to_role, await session.scalars(select(RoleRow)))).rules_of, bindings)
    return ClusterFacts(cluster_id, revision, bindings, rules, await _namespaces(session, cluster_id))


async def _bindings(session: AsyncSession, cluster_id: str) -> tuple[Binding, ...]:
    """The platform's, those in the cluster, and those of objects without a place; not those of disabled users."""
    nowhere = (BindingRow.cluster_id == "", BindingRow.project_id == "")
    platform = select(BindingRow).where(BindingRow.level.in_((Level.PLATFORM, Level.OBJECT)), *nowhere)
    rows = [*await session.scalars(platform), *await repository.bindings_in_cluster(session, cluster_id)]
    disabled = {Subject(SubjectKind.USER, id_) for id_ in await session.scalars(select(DisabledSubjectRow.user_id))}
    return tuple(binding for binding in map(to_binding, rows) if binding.subject not in disabled)


def _rules(rules_of: Callable[[str], tuple[Rule, ...]], bindings: Iterable[Binding]) -> Mapping[str, tuple[Rule, ...]]:
    return {role_id: rules_of(role_id) for role_id in {binding.role_id for binding in bindings}}


async def _namespaces(session: AsyncSession, cluster_id: str) -> tuple[NamespaceFacts, ...]:
    projects = {row.id: row for row in await repository.list_projects(session, cluster_id)}
    rows = await repository.list_namespaces(session, cluster_id)
    return tuple(_facts(row, projects[row.project_id]) for row in rows if row.project_id in projects)


def _facts(row: NamespaceRow, project: ProjectRow) -> NamespaceFacts:
    limits = project.container_default_resource_limit
    return NamespaceFacts(
        name=row.name,
        project_id=row.project_id,
        adopt=row.adopt,
        resource_quota=row.resource_quota or project.namespace_default_resource_quota,
        container_default_limits=limits.get("default", {}),
        container_default_requests=limits.get("default_request", {}),
    )


async def record(session: AsyncSession, cluster_id: str, revision: int, foreign: Iterable[str]) -> None:
    values = {"revision": revision, "foreign": sorted(foreign), "error": "", "at": func.now()}
    statement = insert(MaterialisationRow).values(cluster_id=cluster_id, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["cluster_id"], set_=values))


async def record_error(session: AsyncSession, cluster_id: str, error: str) -> None:
    """What stands in the cluster stays what it was."""
    values = {"error": error, "at": func.now()}
    statement = insert(MaterialisationRow).values(cluster_id=cluster_id, foreign=[], **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["cluster_id"], set_=values))


async def forget(session: AsyncSession, cluster_id: str) -> None:
    await session.execute(delete(MaterialisationRow).where(MaterialisationRow.cluster_id == cluster_id))


async def disable(session: AsyncSession, user_id: str) -> None:
    await session.execute(insert(DisabledSubjectRow).values(user_id=user_id).on_conflict_do_nothing())


async def enable(session: AsyncSession, user_id: str) -> None:
    await session.execute(delete(DisabledSubjectRow).where(DisabledSubjectRow.user_id == user_id))
