"""From what the caller gave to the spec that is kept: every default filled in once, so that it never changes by itself.

Errors are collected with their JSON pointers, not raised one at a time. Pure.
"""

from collections.abc import Sequence
from typing import TypeVar

from brb_api_gateway.clouds.schemas import FlavorChoice, ImageChoice, NetworkChoice
from brb_api_gateway.clusters.spec import ClusterSpec, ClusterSpecInput, MachinePool, MachinePoolInput, NetworkSpec
from brb_api_gateway.openstack.cloud import Catalogue
from brb_shared.clouds import Cloud
from brb_shared.contracts.ids import CredentialId
from brb_shared.contracts.infrastructure import ApiEndpoint
from brb_shared.http import FieldError

T = TypeVar("T", FlavorChoice, ImageChoice, NetworkChoice)

SMALLEST_VCPUS = 2
SMALLEST_MEMORY_MIB = 2048


class Resolver:
    """`before`: the spec so far, where one is changed. `catalogue` is None when nothing has to be looked up for it."""

    def __init__(
        self, cloud: Cloud, catalogue: Catalogue | None, newest_version: str, before: ClusterSpec | None = None
    ) -> None:
        self._cloud = cloud
        self._catalogue = catalogue
        self._newest_version = newest_version
        self._before = {pool.name: pool for pool in before.machine_pools} if before else {}
        self.errors: list[FieldError] = []

    def resolve(self, given: ClusterSpecInput, credential_id: CredentialId) -> ClusterSpec:
        """Where a default is not to be had, an error is noted and the field left empty."""
        endpoint = given.api_endpoint or _endpoint_for(given)
        return ClusterSpec(
            cloud_credential_id=credential_id,
            kubernetes_version=given.kubernetes_version or self._newest_version,
            machine_pools=tuple(self._pool(index, pool, endpoint) for index, pool in enumerate(given.machine_pools)),
            network=self._network(given.network),
            api_endpoint=endpoint,
            keep_floating_ip=given.keep_floating_ip,
            deletion_protection=given.deletion_protection,
        )

    def _pool(self, index: int, pool: MachinePoolInput, endpoint: ApiEndpoint) -> MachinePool:
        """A pool that was there keeps its flavor and image where none is given.

        Control planes behind a load balancer get floating IPs: the platform reaches all machines through them.
        """
        pointer, before = f"/spec/machine_pools/{index}", self._before.get(pool.name)
        flavor = pool.flavor or (before.flavor if before else self._default_flavor(pool, f"{pointer}/flavor"))
        image = pool.image or (before.image if before else self._default_image(f"{pointer}/image"))
        floating_ips = pool.floating_ips or (pool.control_plane_role and endpoint is ApiEndpoint.LOAD_BALANCER)
        return MachinePool(**{**dict(pool), "flavor": flavor, "image": image, "floating_ips": floating_ips})

    def _default_flavor(self, pool: MachinePoolInput, pointer: str) -> str:
        if self._cloud.default_flavor:
            return self._cloud.default_flavor
        fitting = [flavor for flavor in self._flavors() if _fits(flavor, pool)]
        if fitting:
            return fitting[0].name
        sentence = f"no flavor has {SMALLEST_VCPUS} vCPUs and {SMALLEST_MEMORY_MIB} MiB; name one"
        return self._error(pointer, sentence)

    def _default_image(self, pointer: str) -> str:
        """The cloud's default, else the newest Debian or Ubuntu, else the only one there is."""
        if self._cloud.default_image:
            return self._cloud.default_image
        images = self._catalogue.images if self._catalogue else ()
        candidates = [image for image in images if image.supported] or (list(images) if len(images) == 1 else [])
        if not candidates:
            return self._error(pointer, "the cloud has no Debian or Ubuntu image; name one")
        chosen = candidates[0]
        unique = sum(image.name == chosen.name for image in images) == 1
        return chosen.name if unique else chosen.id

    def _network(self, network: NetworkSpec) -> NetworkSpec:
        return network.model_copy(
            update={
                "external_network": network.external_network or self._default_external_network(),
                "existing_subnet": network.existing_subnet or self._only_subnet(network),
            }
        )

    def _default_external_network(self) -> str:
        if self._cloud.external_network:
            return self._cloud.external_network
        found = self._catalogue.external_networks if self._catalogue else ()
        if len(found) == 1:
            return found[0].name
        names = ", ".join(network.name for network in found) or "none"
        return self._error("/spec/network/external_network", f"name one of the external networks: {names}")

    def _only_subnet(self, network: NetworkSpec) -> str | None:
        if network.existing_network is None or self._catalogue is None:
            return None
        found = find(self._catalogue.networks, network.existing_network)
        if found is not None and len(found.subnet_ids) == 1:
            return found.subnet_ids[0]
        self._error("/spec/network/existing_subnet", "name the subnet: the network has none or several")
        return None

    def _flavors(self) -> Sequence[FlavorChoice]:
        return self._catalogue.flavors if self._catalogue else ()

    def _error(self, pointer: str, detail: str) -> str:
        self.errors.append(FieldError(pointer=pointer, detail=detail))
        return ""


def find(choices: Sequence[T], name_or_id: str) -> T | None:
    """By id, else the first of that name."""
    by_id = next((choice for choice in choices if choice.id == name_or_id), None)
    return by_id or next((choice for choice in choices if choice.name == name_or_id), None)


def control_planes(spec: ClusterSpecInput) -> int:
    return sum(pool.quantity for pool in spec.machine_pools if pool.control_plane_role)


def _endpoint_for(spec: ClusterSpecInput) -> ApiEndpoint:
    return ApiEndpoint.LOAD_BALANCER if control_planes(spec) > 1 else ApiEndpoint.FLOATING_IP


def _fits(flavor: FlavorChoice, pool: MachinePoolInput) -> bool:
    """Flavors come sorted by size, so that the first that fits is the smallest. One without a disk needs a volume."""
    has_disk = flavor.disk_gib > 0 or pool.root_volume_gib is not None
    return flavor.vcpus >= SMALLEST_VCPUS and flavor.memory_mib >= SMALLEST_MEMORY_MIB and has_disk
