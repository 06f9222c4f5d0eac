"""What a cluster should be: `ClusterSpecInput` as callers give it, `ClusterSpec` with every default filled in.

Bounds that need no knowledge of the cloud are here; what needs the cloud's lists is in `validation.py`.
"""

import ipaddress
import re
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from brb_shared.contracts.bodies import Input
from brb_shared.contracts.desired import MachineRole
from brb_shared.contracts.ids import CredentialId
from brb_shared.contracts.infrastructure import ApiEndpoint
from brb_shared.contracts.kubernetes import Taint

DNS_LABEL = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
_LABEL_KEY = re.compile(r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")
_LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
_TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


@lru_cache(maxsize=1000)
def _require_cidr(value: str) -> str:
    """Remembered: every reading of a stored spec asks for the same few."""
    try:
        ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not an IPv4 range such as 10.6.0.0/24 ({error})") from error
    return value


def _require_address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not an IP address") from error
    return value


def _require_labels(labels: dict[str, str]) -> dict[str, str]:
    """Source: Kubernetes, "Labels and Selectors", syntax and character set."""
    for key, value in labels.items():
        if not _LABEL_KEY.match(key) or not _LABEL_VALUE.match(value):
            raise ValueError(f"{key}={value} is not a Kubernetes label")
    return labels


def _require_taint(taint: Taint) -> Taint:
    if taint.effect not in _TAINT_EFFECTS:
        raise ValueError(f"effect {taint.effect!r} is none of {', '.join(_TAINT_EFFECTS)}")
    _require_labels({taint.key: taint.value})
    return taint


Name = Annotated[
    str,
    Field(
        pattern=DNS_LABEL,
        min_length=1,
        max_length=40,
        description="A DNS label: small letters, digits and hyphens, beginning with a letter",
        examples=["x"],
    ),
]
PoolName = Annotated[str, Field(pattern=DNS_LABEL, min_length=1, max_length=20)]
Cidr = Annotated[str, AfterValidator(_require_cidr)]
Address = Annotated[str, AfterValidator(_require_address)]
Labels = Annotated[dict[str, str], AfterValidator(_require_labels)]
CheckedTaint = Annotated[Taint, AfterValidator(_require_taint)]


class MachinePoolInput(Input):
    """Machines of one kind. A pool has one role: control plane or worker."""

    name: PoolName = Field(description="Unique in the cluster; part of its machines' names")
    quantity: int = Field(default=1, ge=0, le=1000, description="Machines; a control plane has 1 or 3")
    control_plane_role: bool = Field(default=False, description="These machines run the API server and etcd")
    worker_role: bool = Field(default=False, description="These machines run workloads")
    flavor: str | None = Field(default=None, description="Name or id; none: the smallest with 2 vCPUs and 2 GiB")
    image: str | None = Field(default=None, description="Name or id; none: the cloud's default, Debian or Ubuntu")
    labels: Labels = Field(default={}, description="Kubernetes node labels")
    taints: tuple[CheckedTaint, ...] = Field(default=(), description="Kubernetes node taints")
    root_volume_gib: int | None = Field(
        default=None, ge=10, le=16_384, description="Boot from a volume of this size; none: the flavor's disk"
    )
    floating_ips: bool = Field(
        default=False, description="A floating IP for each machine; always for control planes behind a load balancer"
    )
    availability_zone: str | None = Field(default=None, description="None: the cloud chooses")

    @property
    def role(self) -> MachineRole:
        return MachineRole.CONTROL_PLANE if self.control_plane_role else MachineRole.WORKER


class MachinePool(MachinePoolInput):
    flavor: str
    image: str


class NetworkSpec(Input):
    cidr: Cidr = Field(default="10.6.0.0/24", description="IPv4 range of the machines' subnet")
    pod_cidr: Cidr = Field(default="10.244.0.0/16", description="IPv4 range of the pods; each node takes a /24")
    service_cidr: Cidr = Field(default="10.96.0.0/16", description="IPv4 range of the Services")
    external_network: str | None = Field(default=None, description="Name or id; none: the cloud's only one")
    existing_network: str | None = Field(default=None, description="Id of a network to use instead of making one")
    existing_subnet: str | None = Field(default=None, description="Id of a subnet of `existing_network`")
    dns_nameservers: tuple[Address, ...] = Field(default=(), description="None: the cloud's default")
    api_allowed_cidrs: tuple[Cidr, ...] = Field(
        default=("0.0.0.0/0",), min_length=1, description="Source ranges that may reach the Kubernetes API"
    )
    ssh_allowed_cidrs: tuple[Cidr, ...] = Field(
        default=("0.0.0.0/0",), description="Source ranges that may reach SSH; the platform's own is always among them"
    )


class ClusterSpecInput(Input):
    cloud_credential_id: CredentialId | None = Field(
        default=None, description="None: a restricted application credential is made from the session"
    )
    kubernetes_version: str | None = Field(
        default=None, pattern=r"^\d+\.\d+\.\d+$", description="None: the newest supported", examples=["1.36.3"]
    )
    machine_pools: tuple[MachinePoolInput, ...] = Field(
        default=(
            MachinePoolInput(name="cp", control_plane_role=True, quantity=1),
            MachinePoolInput(name="workers", worker_role=True, quantity=2),
        ),
        min_length=1,
        max_length=50,
    )
    network: NetworkSpec = NetworkSpec()
    api_endpoint: ApiEndpoint | None = Field(
        default=None, description="None: a floating IP for 1 control plane, a load balancer for 3"
    )
    keep_floating_ip: bool = Field(default=False, description="On delete, leave the API's floating IP to the project")
    deletion_protection: bool = Field(default=False, description="A delete is refused while this is set")


class ClusterSpec(ClusterSpecInput):
    cloud_credential_id: CredentialId
    kubernetes_version: str
    machine_pools: tuple[MachinePool, ...]
    api_endpoint: ApiEndpoint
