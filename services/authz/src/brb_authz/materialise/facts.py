"""What is true of one cluster: who is bound to which role where, and which namespaces are in which project."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from brb_shared.access.model import Binding, Rule


@dataclass(frozen=True)
class NamespaceFacts:
    """Quantities as Kubernetes writes them; empty: none set.

    `adopt`: a namespace of this name that stands in the cluster already may be taken over.
    """

    name: str
    project_id: str
    adopt: bool = False
    resource_quota: Mapping[str, str] = field(default_factory=dict)
    container_default_limits: Mapping[str, str] = field(default_factory=dict)
    container_default_requests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusterFacts:
    """`bindings` are the platform's and those in this cluster; `rules` are each bound role's own and inherited ones."""

    cluster_id: str
    revision: int
    bindings: tuple[Binding, ...] = ()
    rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    namespaces: tuple[NamespaceFacts, ...] = ()

    def without(self, names: frozenset[str]) -> "ClusterFacts":
        """The same, without namespaces that are not ours to write in."""
        kept = tuple(each for each in self.namespaces if each.name not in names)
        return ClusterFacts(self.cluster_id, self.revision, self.bindings, self.rules, kept)
