"""Which messages there are: subject, model, single writer, readers; and which questions are answered over NATS.

AsyncAPI, NATS permissions and docs follow.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from brb_shared.contracts.access import AccessChanged
from brb_shared.contracts.access_api.reviews import ReviewAnswers, ReviewCall
from brb_shared.contracts.audit import AuditEntry
from brb_shared.contracts.base import Contract
from brb_shared.contracts.bodies import Input, Output
from brb_shared.contracts.dns import DnsDesired, DnsObserved
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.infrastructure import InfrastructureDesired, InfrastructureObserved
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesObserved
from brb_shared.contracts.zone import ZoneChanged

SUBJECT_PREFIX = "brb.v1"
Question = TypeVar("Question", bound=Input)
Answer = TypeVar("Answer", bound=Output)


class Stream(StrEnum):
    """JetStream streams. DESIRED and OBSERVED keep the last message of each subject, HAPPENED seven days of all,
    CHANGES one day: a reader that missed more loads the whole again, AUDIT each message until it is kept for good."""

    DESIRED = "DESIRED"
    OBSERVED = "OBSERVED"
    HAPPENED = "HAPPENED"
    CHANGES = "CHANGES"
    AUDIT = "AUDIT"
    DEAD = "DEAD"


class Service(StrEnum):
    API_GATEWAY = "api-gateway"
    PROVISIONER = "provisioner"
    INSTALLER = "installer"
    DNS = "dns"
    AUTHZ = "authz"
    CATALOG = "catalog"


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

    @property
    def beat_subject(self) -> str:
        """Where the writer of a CHANGES kind says every second which revision is current."""
        return f"{SUBJECT_PREFIX}.beat.{self.name}"

    def durable(self, reader: Service) -> str:
        """The name of a reader's consumer: fixed, because a service's NATS permissions name its consumers."""
        return f"{reader}-{self.stream.lower()}-{self.name}"


@dataclass(frozen=True)
class Call(Generic[Question, Answer]):
    """One kind of question over NATS request/reply: it is in no stream, and answered now or not at all."""

    name: str
    question: type[Question]
    answer: type[Answer]
    answerer: Service
    askers: frozenset[Service]
    summary: str

    @property
    def subject(self) -> str:
        return f"{SUBJECT_PREFIX}.ask.{self.answerer}.{self.name}"


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
DNS_DESIRED = Kind(
    Stream.DESIRED,
    "dns",
    DnsDesired,
    Service.API_GATEWAY,
    frozenset({Service.DNS}),
    "The public addresses whose names a cluster should own",
)
DNS_OBSERVED = Kind(
    Stream.OBSERVED,
    "dns",
    DnsObserved,
    Service.DNS,
    frozenset({Service.API_GATEWAY}),
    "The zone and the app domains of a cluster",
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
DNS_HAPPENED = Kind(
    Stream.HAPPENED,
    "dns",
    Happened,
    Service.DNS,
    frozenset({Service.API_GATEWAY}),
    "What the dns service did: app domains, records purged, certificates",
)
ZONE_CHANGED = Kind(
    Stream.CHANGES,
    "zone",
    ZoneChanged,
    Service.DNS,
    frozenset({Service.DNS}),
    "Explicit records of the zone that came, changed or went",
)
ACCESS_CHANGED = Kind(
    Stream.CHANGES,
    "access",
    AccessChanged,
    Service.AUTHZ,
    frozenset(Service),
    "Roles, bindings, projects and namespaces that came, changed or went",
)
AUDIT_KINDS: dict[Service, Kind] = {
    service: Kind(
        Stream.AUDIT,
        service.value,
        AuditEntry,
        service,
        frozenset({Service.AUTHZ}),
        f"What was changed and what was denied in {service.value}",
    )
    for service in Service
}
"""Of each service its own, for a kind has one writer."""

KINDS: tuple[Kind, ...] = (
    INFRASTRUCTURE_DESIRED,
    INFRASTRUCTURE_OBSERVED,
    KUBERNETES_DESIRED,
    KUBERNETES_OBSERVED,
    DNS_DESIRED,
    DNS_OBSERVED,
    CLUSTER_HAPPENED,
    INFRASTRUCTURE_HAPPENED,
    KUBERNETES_HAPPENED,
    DNS_HAPPENED,
    ZONE_CHANGED,
    ACCESS_CHANGED,
    *AUDIT_KINDS.values(),
)

ACCESS_REVIEWS = Call(
    "access-reviews",
    ReviewCall,
    ReviewAnswers,
    Service.AUTHZ,
    frozenset(Service),
    "May this subject do that?",
)
CALLS: tuple[Call[Any, Any], ...] = (ACCESS_REVIEWS,)
