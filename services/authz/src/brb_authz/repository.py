"""SQL of roles, bindings, projects and namespaces. The audit log's is in `audit/repository.py`."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz.models import (
    BindingRow,
    ChangeRow,
    ClusterRow,
    IdempotencyRow,
    NamespaceRow,
    ProjectRow,
    RevisionRow,
    RoleRow,
)
from brb_authz.rows import binding_values, to_binding, to_namespace, to_project, to_role
from brb_shared.access.model import Binding, SubjectKind, World
from brb_shared.contracts.access import AccessChanged
from brb_shared.contracts.registry import ACCESS_CHANGED
from brb_shared.messaging.changes import current_revision

NAME = ACCESS_CHANGED.name


async def load_world(session: AsyncSession) -> World:
    """Everything at one revision. The session's transaction must be repeatable read."""
    return World(
        revision=await current_revision(session, RevisionRow, NAME),
        roles=tuple(map(to_role, await session.scalars(select(RoleRow).order_by(RoleRow.id)))),
        bindings=tuple(map(to_binding, await session.scalars(select(BindingRow).order_by(BindingRow.id)))),
        projects=tuple(map(to_project, await session.scalars(select(ProjectRow).order_by(ProjectRow.id)))),
        namespaces=tuple(map(to_namespace, await session.scalars(select(NamespaceRow)))),
    )


async def changes_after(session: AsyncSession, revision: int) -> list[AccessChanged]:
    query = select(ChangeRow.document).where(ChangeRow.revision > revision).order_by(ChangeRow.revision)
    return [AccessChanged.model_validate(document) for document in await session.scalars(query)]


async def remove_changes(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(ChangeRow).where(ChangeRow.at < before))


async def remove_old_keys(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before))


async def find_role(session: AsyncSession, role_id: str) -> RoleRow | None:
    return await session.get(RoleRow, role_id)


async def list_roles(session: AsyncSession, *, after: str, limit: int, context: str | None) -> Sequence[RoleRow]:
    query = select(RoleRow).where(RoleRow.id > after)
    if context is not None:
        query = query.where(RoleRow.context == context)
    return (await session.scalars(query.order_by(RoleRow.id).limit(limit))).all()


async def count_heirs(session: AsyncSession, role_id: str) -> int:
    """Of roles that inherit it."""
    query = select(func.count()).select_from(RoleRow).where(RoleRow.inherits.contains([role_id]))
    return (await session.execute(query)).scalar_one()


async def find_binding(session: AsyncSession, binding_id: str) -> BindingRow | None:
    return await session.get(BindingRow, binding_id)


async def find_bindings(session: AsyncSession, ids: Iterable[str]) -> Sequence[BindingRow]:
    query = select(BindingRow).where(BindingRow.id.in_(list(ids))).order_by(BindingRow.id)
    return (await session.scalars(query)).all()


async def find_same_binding(session: AsyncSession, binding: Binding) -> BindingRow | None:
    return (await session.scalars(select(BindingRow).filter_by(**binding_values(binding)))).one_or_none()


async def cluster_is_known(session: AsyncSession, cluster_id: str) -> bool:
    return await session.get(ClusterRow, cluster_id) is not None


async def keep_cluster(session: AsyncSession, cluster_id: str) -> None:
    await session.execute(insert(ClusterRow).values(id=cluster_id).on_conflict_do_nothing())


async def find_project(session: AsyncSession, project_id: str) -> ProjectRow | None:
    return await session.get(ProjectRow, project_id)


async def find_projects(session: AsyncSession, ids: Iterable[str]) -> Sequence[ProjectRow]:
    query = select(ProjectRow).where(ProjectRow.id.in_(list(ids))).order_by(ProjectRow.id)
    return (await session.scalars(query)).all()


async def list_projects(session: AsyncSession, cluster_id: str) -> Sequence[ProjectRow]:
    query = select(ProjectRow).where(ProjectRow.cluster_id == cluster_id).order_by(ProjectRow.id)
    return (await session.scalars(query)).all()


async def find_namespace(session: AsyncSession, cluster_id: str, name: str) -> NamespaceRow | None:
    return await session.get(NamespaceRow, (cluster_id, name))


async def list_namespaces(
    session: AsyncSession, cluster_id: str, *, after: str = "", limit: int | None = None, project_id: str | None = None
) -> Sequence[NamespaceRow]:
    query = select(NamespaceRow).where(NamespaceRow.cluster_id == cluster_id, NamespaceRow.name > after)
    if project_id is not None:
        query = query.where(NamespaceRow.project_id == project_id)
    return (await session.scalars(query.order_by(NamespaceRow.name).limit(limit))).all()


async def count_namespaces(session: AsyncSession, project_id: str) -> int:
    query = select(func.count()).select_from(NamespaceRow).where(NamespaceRow.project_id == project_id)
    return (await session.execute(query)).scalar_one()


async def bindings_in_cluster(session: AsyncSession, cluster_id: str) -> Sequence[BindingRow]:
    """Those of the cluster, its projects and its namespaces."""
    projects = select(ProjectRow.id).where(ProjectRow.cluster_id == cluster_id)
    within = or_(BindingRow.cluster_id == cluster_id, BindingRow.project_id.in_(projects))
    return (await session.scalars(select(BindingRow).where(within).order_by(BindingRow.id))).all()


async def bindings_of_user(session: AsyncSession, user_id: str) -> Sequence[BindingRow]:
    query = select(BindingRow).filter_by(subject_kind=SubjectKind.USER, subject_id=user_id)
    return (await session.scalars(query.order_by(BindingRow.id))).all()


async def remove_cluster(session: AsyncSession, cluster_id: str) -> None:
    for model in (NamespaceRow, ProjectRow):
        await session.execute(delete(model).where(model.cluster_id == cluster_id))
    await session.execute(delete(ClusterRow).where(ClusterRow.id == cluster_id))


async def read_revision(session: AsyncSession) -> int:
    return await current_revision(session, RevisionRow, NAME)


async def known_ids(session: AsyncSession, resource: str, cluster_id: str) -> dict[str, list[str]]:
    """Ids of the objects of a resource that the tables have: what a search can find beside what rules name."""
    match resource:
        case "clusters":
            query = select(ClusterRow.id)
        case "roles":
            query = select(RoleRow.id)
        case "projects":
            query = select(ProjectRow.id)
        case "namespaces":
            query = select(NamespaceRow.name)
        case _:
            return {}
    if cluster_id and resource in ("projects", "namespaces"):
        model = ProjectRow if resource == "projects" else NamespaceRow
        query = query.where(model.cluster_id == cluster_id)
    return {resource: list((await session.scalars(query)).all())}
