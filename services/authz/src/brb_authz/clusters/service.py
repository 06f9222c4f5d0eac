"""The hub tells of clusters: a new one gets its owners' bindings, one that has gone takes all its bindings along."""

from brb_authz import repository
from brb_authz.changing import AccessWriter, Change
from brb_authz.clusters.schemas import ClusterOwners, ClusterRevision
from brb_authz.errors import invalid
from brb_authz.models import BindingRow
from brb_authz.rows import binding_values, to_namespace
from brb_shared.access.model import Binding, Scope
from brb_shared.access.validation import problems_of_binding
from brb_shared.contracts.ids import new_id
from brb_shared.http import FieldError


class ClusterService:
    def __init__(self, writer: AccessWriter) -> None:
        self._writer = writer

    async def put(self, cluster_id: str, body: ClusterOwners, made_by: str) -> ClusterRevision:
        """Idempotent. The hub decides who owns a new cluster, so no guard is asked."""
        scope = Scope.cluster(cluster_id)
        wanted = [Binding(new_id("rb"), owner.subject(), body.role_id, scope) for owner in body.owners]
        async with self._writer.change() as change:
            for binding in wanted:
                await _bind(change, binding, made_by)
            await repository.keep_cluster(change.session, cluster_id)
            return ClusterRevision(cluster_id=cluster_id, revision=change.step.revision)

    async def remove(self, cluster_id: str) -> ClusterRevision:
        """Idempotent. Its projects, namespaces and all their bindings go with it."""
        async with self._writer.change() as change:
            session = change.session
            bindings = await repository.bindings_in_cluster(session, cluster_id)
            namespaces = await repository.list_namespaces(session, cluster_id)
            projects = await repository.list_projects(session, cluster_id)
            change.removed_bindings.extend(row.id for row in bindings)
            change.removed_namespaces.extend((row.cluster_id, row.name) for row in map(to_namespace, namespaces))
            change.removed_projects.extend(row.id for row in projects)
            for row in bindings:
                await session.delete(row)
            await session.flush()
            await repository.remove_cluster(session, cluster_id)
            return ClusterRevision(cluster_id=cluster_id, revision=change.step.revision)


async def _bind(change: Change, binding: Binding, made_by: str) -> None:
    problems = problems_of_binding(binding, change.index)
    if problems:
        raise invalid([FieldError(pointer="/owners", detail=problem) for problem in problems])
    if await repository.find_same_binding(change.session, binding) is None:
        change.session.add(BindingRow(id=binding.id, created_by=made_by, **binding_values(binding)))
        await change.session.flush()
        change.bindings.append(binding)
