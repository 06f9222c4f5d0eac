"""Which clusters a change of the access world reaches, and their waking, in the change's own transaction."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz.materialise.reconcile import key_of
from brb_authz.models import ClusterRow, WorkRow
from brb_shared.access.deltas import Delta
from brb_shared.access.index import Index
from brb_shared.access.model import Binding
from brb_shared.reconcile import wake

EVERY_CLUSTER = ""


async def wake_clusters(session: AsyncSession, before: Index, delta: Delta) -> None:
    touched = set(touched_clusters(before, delta))
    clusters = (await session.scalars(select(ClusterRow.id))).all() if EVERY_CLUSTER in touched else touched
    for cluster_id in sorted(clusters):
        await wake(session, WorkRow, key_of(cluster_id), forget_failures=True)


def touched_clusters(before: Index, delta: Delta) -> Iterator[str]:
    """Ids, `EVERY_CLUSTER` among them for what may hold anywhere. `before`: the world without the change."""
    if delta.roles or delta.removed_roles:
        yield EVERY_CLUSTER
    made = {project.id: project.cluster_id for project in delta.projects}
    for binding in (*delta.bindings, *_known(before, delta.removed_bindings)):
        scope = binding.scope
        known = made.get(scope.project_id) or before.places.resolve(scope.place)[0]
        yield scope.cluster_id or known or EVERY_CLUSTER
    yield from made.values()
    yield from (
        before.places.projects[id_].cluster_id for id_ in delta.removed_projects if id_ in before.places.projects
    )
    yield from (namespace.cluster_id for namespace in delta.namespaces)
    yield from (cluster_id for cluster_id, _ in delta.removed_namespaces)


def _known(before: Index, binding_ids: tuple[str, ...]) -> Iterator[Binding]:
    return (binding for id_ in binding_ids if (binding := before.binding(id_)) is not None)
