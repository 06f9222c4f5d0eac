"""Which cluster and project a place is in: the part of the world that says how scopes nest."""

from typing import TypeVar

from brb_shared.access.deltas import Delta
from brb_shared.access.keys import Where
from brb_shared.access.model import Namespace, Place, Project

NOWHERE: Where = ("", "", "")

Key = TypeVar("Key")
Member = TypeVar("Member")


class Places:
    """Projects and the namespaces in them."""

    def __init__(self) -> None:
        self.projects: dict[str, Project] = {}
        self.namespaces: dict[tuple[str, str], Namespace] = {}
        self._of_cluster: dict[str, set[str]] = {}
        self._of_project: dict[str, set[tuple[str, str]]] = {}

    def copy(self) -> "Places":
        copied = Places()
        for project in self.projects.values():
            copied.put_project(project)
        for namespace in self.namespaces.values():
            copied.put_namespace(namespace)
        return copied

    def apply(self, delta: Delta) -> None:
        for project_id in delta.removed_projects:
            self.remove_project(project_id)
        for cluster_id, name in delta.removed_namespaces:
            self.remove_namespace(cluster_id, name)
        for project in delta.projects:
            self.put_project(project)
        for namespace in delta.namespaces:
            self.put_namespace(namespace)

    def put_project(self, project: Project) -> None:
        self.remove_project(project.id)
        self.projects[project.id] = project
        self._of_cluster.setdefault(project.cluster_id, set()).add(project.id)

    def remove_project(self, project_id: str) -> None:
        """Its namespaces stay listed; without it they are in no project."""
        if earlier := self.projects.pop(project_id, None):
            _discard(self._of_cluster, earlier.cluster_id, project_id)

    def put_namespace(self, namespace: Namespace) -> None:
        key = (namespace.cluster_id, namespace.name)
        self.remove_namespace(*key)
        self.namespaces[key] = namespace
        self._of_project.setdefault(namespace.project_id, set()).add(key)

    def remove_namespace(self, cluster_id: str, name: str) -> None:
        if earlier := self.namespaces.pop((cluster_id, name), None):
            _discard(self._of_project, earlier.project_id, (cluster_id, name))

    def projects_in(self, cluster_id: str) -> frozenset[str]:
        return frozenset(self._of_cluster.get(cluster_id, ()))

    def namespaces_in(self, project_id: str) -> frozenset[tuple[str, str]]:
        """As (cluster id, name)."""
        return frozenset(self._of_project.get(project_id, ()))

    def cluster_of(self, project_id: str) -> str:
        project = self.projects.get(project_id)
        return project.cluster_id if project else ""

    def project_of(self, cluster_id: str, namespace: str) -> str:
        """Empty if the namespace is in no project, or in one that is not there or of another cluster."""
        known = self.namespaces.get((cluster_id, namespace))
        if known is None or self.cluster_of(known.project_id) != cluster_id:
            return ""
        return known.project_id

    def resolve(self, place: Place) -> Where:
        """The place with all that is known of it. NOWHERE if it contradicts the world: then only the platform's
        bindings hold, and nobody gains by naming his own project beside another's namespace."""
        cluster_id, project_id, namespace = place.cluster_id, place.project_id, place.namespace
        if project_id:
            known = self.cluster_of(project_id)
            if known and cluster_id not in ("", known):
                return NOWHERE
            cluster_id = known or cluster_id
            project_id = project_id if known else ""
        if not namespace:
            return cluster_id, project_id, ""
        home = self.project_of(cluster_id, namespace) if cluster_id else ""
        if not cluster_id or place.project_id not in ("", home):
            return NOWHERE
        return cluster_id, home, namespace


def _discard(groups: dict[Key, set[Member]], key: Key, member: Member) -> None:
    members = groups.get(key, set())
    members.discard(member)
    if not members:
        groups.pop(key, None)
