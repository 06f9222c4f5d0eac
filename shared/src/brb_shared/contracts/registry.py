"""Which messages there are: subject, model, single writer, readers. AsyncAPI, NATS permissions and docs follow."""

from dataclasses import dataclass
from enum import StrEnum

from brb_shared.contracts.base import Contract
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.infrastructure import InfrastructureDesired, InfrastructureObserved
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesObserved

SUBJECT_PREFIX = "brb.v1"


class Stream(StrEnum):
    """JetStream streams. DESIRED and OBSERVED keep the last message of each subject, HAPPENED seven days of all."""

    DESIRED = "DESIRED"
    OBSERVED = "OBSERVED"
    HAPPENED = "HAPPENED"
    DEAD = "DEAD"


class Service(StrEnum):
    API_GATEWAY = "api-gateway"
    PROVISIONER = "provisioner"
    INSTALLER = "installer"


@dataclass(frozen=True)
class Kind:
    """One kind of message; its subjects are `brb.v1.<stream>.<name>.<cluster id>`."""

    stream: Stream
    name: str
    model: type[Contract]
    writer: Service
    readers: frozenset[Service]
    summary: str

    @property
    def type(self) -> str:
        return f"{SUBJECT_PREFIX}.{self.stream.lower()}.{self.name}"

    def subject(self, cluster_id: str) -> str:
        return f"{self.type}.{cluster_id}"

    def durable(self, reader: Service) -> str:
        """The name of a reader's consumer: fixed, because a service's NATS permissions name its consumers."""
        return f"{reader}-{self.stream.lower()}-{self.name}"


def dead_subject(reader: Service) -> str:
    """Where a reader puts what it could not decode."""
    return f"{SUBJECT_PREFIX}.{Stream.DEAD.lower()}.{reader}"


INFRASTRUCTURE_DESIRED = Kind(
    Stream.DESIRED,
    "infrastructure",
    InfrastructureDesired,
    Service.API_GATEWAY,
    frozenset({Service.PROVISIONER}),
    "The machines, network and API endpoint a cluster should have",
)
INFRASTRUCTURE_OBSERVED = Kind(
    Stream.OBSERVED,
    "infrastructure",
    InfrastructureObserved,
    Service.PROVISIONER,
    frozenset({Service.API_GATEWAY}),
    "The machines, network and API endpoint a cluster has",
)
KUBERNETES_DESIRED = Kind(
    Stream.DESIRED,
    "kubernetes",
    KubernetesDesired,
    Service.API_GATEWAY,
    frozenset({Service.INSTALLER}),
    "The Kubernetes version and nodes a cluster should have",
)
KUBERNETES_OBSERVED = Kind(
    Stream.OBSERVED,
    "kubernetes",
    KubernetesObserved,
    Service.INSTALLER,
    frozenset({Service.API_GATEWAY}),
    "The Kubernetes version and nodes a cluster has",
)
CLUSTER_HAPPENED = Kind(
    Stream.HAPPENED,
    "cluster",
    Happened,
    Service.API_GATEWAY,
    frozenset({Service.API_GATEWAY}),
    "What the hub did: created, planned, ready, deleted",
)
INFRASTRUCTURE_HAPPENED = Kind(
    Stream.HAPPENED,
    "infrastructure",
    Happened,
    Service.PROVISIONER,
    frozenset({Service.API_GATEWAY}),
    "What the provisioner did, step by step",
)
KUBERNETES_HAPPENED = Kind(
    Stream.HAPPENED,
    "kubernetes",
    Happened,
    Service.INSTALLER,
    frozenset({Service.API_GATEWAY}),
    "What the installer did, step by step",
)

KINDS: tuple[Kind, ...] = (
    INFRASTRUCTURE_DESIRED,
    INFRASTRUCTURE_OBSERVED,
    KUBERNETES_DESIRED,
    KUBERNETES_OBSERVED,
    CLUSTER_HAPPENED,
    INFRASTRUCTURE_HAPPENED,
    KUBERNETES_HAPPENED,
)
