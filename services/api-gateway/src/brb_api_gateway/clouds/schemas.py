"""Bodies of /v1/clouds."""

from pydantic import Field

from brb_shared.contracts.bodies import Output
from brb_shared.contracts.ids import CloudId


class CloudView(Output):
    id: CloudId
    display_name: str
    auth_url: str = Field(description="Keystone's address")
    region_name: str


class FlavorChoice(Output):
    id: str
    name: str
    vcpus: int
    memory_mib: int
    disk_gib: int = Field(description="Root disk; 0: the image's own size, or boot from a volume")


class ImageChoice(Output):
    id: str
    name: str
    distribution: str | None = Field(default=None, description="Glance's `os_distro`")
    minimum_disk_gib: int
    minimum_memory_mib: int
    supported: bool = Field(description="Debian and Ubuntu images are")


class NetworkChoice(Output):
    id: str
    name: str
    subnet_ids: tuple[str, ...] = ()


class KubernetesVersionChoice(Output):
    version: str = Field(description="Without the v", examples=["1.36.3"])
    supported: bool
    default: bool = False
    reason: str = Field(description="Why it is supported or not")


class QuotaView(Output):
    """What the project may have, has, and has left. Unlimited: none."""

    resource: str = Field(description="instances, cores, ram_mib, floating_ips, networks, …")
    limit: int | None
    used: int
    free: int | None


class Choices(Output):
    """What a form can offer to the signed-in user in his project."""

    cloud: CloudId
    flavors: list[FlavorChoice]
    images: list[ImageChoice]
    networks: list[NetworkChoice] = Field(description="Networks that the project can attach machines to")
    external_networks: list[NetworkChoice] = Field(description="Networks that floating IPs come from")
    availability_zones: list[str]
    kubernetes_versions: list[KubernetesVersionChoice] = Field(description="Newest first")
    load_balancers: bool = Field(description="Whether the cloud has Octavia")
    quotas: list[QuotaView]
