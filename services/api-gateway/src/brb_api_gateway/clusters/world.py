"""What the hub decides upon: the cluster as the user wants it, and what is known of its stages. Frozen, pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from brb_api_gateway.clusters.spec import ClusterSpec
from brb_shared.contracts.desired import Desired, Observed
from brb_shared.contracts.dns import DnsObserved
from brb_shared.contracts.ids import CloudId, ClusterId, ProjectId
from brb_shared.contracts.infrastructure import InfrastructureDesired, InfrastructureObserved
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesObserved


class StageName(StrEnum):
    INFRASTRUCTURE = "infrastructure"
    KUBERNETES = "kubernetes"
    DNS = "dns"


INFRASTRUCTURE = StageName.INFRASTRUCTURE
KUBERNETES = StageName.KUBERNETES
DNS = StageName.DNS

Stages = frozenset[StageName]
ALWAYS: Stages = frozenset({INFRASTRUCTURE, KUBERNETES})
"""The stages of every platform. dns is one only where a zone is configured."""


@dataclass(frozen=True)
class Cluster:
    id: ClusterId
    name: str
    cloud: CloudId
    generation: int
    retry: int
    deleting: bool
    spec: ClusterSpec
    project_id: ProjectId
    stages: Stages = ALWAYS
    """What this platform does for its clusters."""


@dataclass(frozen=True)
class World:
    """Of each stage: what was asked of its worker last, and the newest that the worker saw."""

    asked: Mapping[StageName, Desired] = field(default_factory=dict)
    seen: Mapping[StageName, Observed] = field(default_factory=dict)

    def is_initialized(self, name: StageName) -> bool:
        seen = self.seen.get(name)
        return seen is not None and seen.initialized

    @property
    def infrastructure_asked(self) -> InfrastructureDesired | None:
        asked = self.asked.get(INFRASTRUCTURE)
        return asked if isinstance(asked, InfrastructureDesired) else None

    @property
    def infrastructure(self) -> InfrastructureObserved | None:
        seen = self.seen.get(INFRASTRUCTURE)
        return seen if isinstance(seen, InfrastructureObserved) else None

    @property
    def kubernetes_asked(self) -> KubernetesDesired | None:
        asked = self.asked.get(KUBERNETES)
        return asked if isinstance(asked, KubernetesDesired) else None

    @property
    def kubernetes(self) -> KubernetesObserved | None:
        seen = self.seen.get(KUBERNETES)
        return seen if isinstance(seen, KubernetesObserved) else None

    @property
    def dns(self) -> DnsObserved | None:
        seen = self.seen.get(DNS)
        return seen if isinstance(seen, DnsObserved) else None
