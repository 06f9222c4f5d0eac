"""What must hold of a spec. Pure; every function yields errors with the JSON pointer of the field that is wrong.

`check_spec` needs no cloud; `check_choices` compares with what the cloud offers; `check_change` with what was before.
"""

import ipaddress
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from brb_api_gateway.clouds.schemas import FlavorChoice, ImageChoice, NetworkChoice
from brb_api_gateway.clouds.versions import Versions
from brb_api_gateway.clusters.defaults import control_planes, find
from brb_api_gateway.clusters.machines import LONGEST_NAME, longest_machine_name, machine_count
from brb_api_gateway.clusters.spec import ClusterSpec, MachinePool
from brb_api_gateway.openstack.cloud import Catalogue
from brb_shared.contracts.infrastructure import ApiEndpoint
from brb_shared.http import FieldError

_POOLS = "/spec/machine_pools"
_NETWORK = "/spec/network"
_POD_PREFIX = 24
_SERVICE_PREFIXES = range(12, 25)
_RESERVED_ADDRESSES = 10
_CONTROL_PLANE_VCPUS = 2
_CONTROL_PLANE_MEMORY_MIB = 1700
"""Source: kubeadm's preflight checks, NumCPU and Mem."""


def check_spec(cluster_name: str, spec: ClusterSpec, versions: Versions) -> Iterator[FieldError]:
    yield from _check_version(spec, versions)
    yield from _check_roles(spec)
    yield from _check_names(cluster_name, spec)
    yield from _check_endpoint(spec)
    yield from _check_ranges(spec)
    yield from _check_capacity(spec)


def _check_version(spec: ClusterSpec, versions: Versions) -> Iterator[FieldError]:
    why_not = versions.why_not(spec.kubernetes_version)
    if why_not:
        yield FieldError(pointer="/spec/kubernetes_version", detail=why_not)


def _check_roles(spec: ClusterSpec) -> Iterator[FieldError]:
    for index, pool in enumerate(spec.machine_pools):
        if pool.control_plane_role == pool.worker_role:
            detail = "a pool has one role: set control_plane_role or worker_role, not both"
            yield FieldError(pointer=f"{_POOLS}/{index}", detail=detail)
    count = control_planes(spec)
    if count not in (1, 3):
        yield FieldError(pointer=_POOLS, detail=f"the control plane has 1 or 3 machines, not {count}")


def _check_names(cluster_name: str, spec: ClusterSpec) -> Iterator[FieldError]:
    counts = Counter(pool.name for pool in spec.machine_pools)
    for index, pool in enumerate(spec.machine_pools):
        pointer = f"{_POOLS}/{index}/name"
        if counts[pool.name] > 1:
            yield FieldError(pointer=pointer, detail=f"{pool.name} is the name of several pools")
        too_long = longest_machine_name(cluster_name, pool.name, pool.quantity) - LONGEST_NAME
        if too_long > 0:
            detail = (
                f"the machines' names would be {too_long} characters too long: shorten the pool's or cluster's name"
            )
            yield FieldError(pointer=pointer, detail=detail)


def _check_endpoint(spec: ClusterSpec) -> Iterator[FieldError]:
    if control_planes(spec) > 1 and spec.api_endpoint is not ApiEndpoint.LOAD_BALANCER:
        yield FieldError(pointer="/spec/api_endpoint", detail="3 control planes need load_balancer")


def _check_ranges(spec: ClusterSpec) -> Iterator[FieldError]:
    names = ("cidr", "pod_cidr", "service_cidr")
    ranges = {name: ipaddress.IPv4Network(getattr(spec.network, name)) for name in names}
    for one, other in combinations(names, 2):
        if ranges[one].overlaps(ranges[other]):
            detail = f"{ranges[other]} overlaps {one} {ranges[one]}"
            yield FieldError(pointer=f"{_NETWORK}/{other}", detail=detail)
    if ranges["service_cidr"].prefixlen not in _SERVICE_PREFIXES:
        yield FieldError(pointer=f"{_NETWORK}/service_cidr", detail="its prefix must be /12 to /24")


def _check_capacity(spec: ClusterSpec) -> Iterator[FieldError]:
    machines = machine_count(spec)
    pods = ipaddress.IPv4Network(spec.network.pod_cidr)
    nodes = 2 ** max(_POD_PREFIX - pods.prefixlen, 0) if pods.prefixlen <= _POD_PREFIX else 0
    if nodes < machines:
        detail = f"{pods} has room for {nodes} nodes (a /{_POD_PREFIX} each), the pools have {machines}"
        yield FieldError(pointer=f"{_NETWORK}/pod_cidr", detail=detail)
    addresses = ipaddress.IPv4Network(spec.network.cidr).num_addresses - _RESERVED_ADDRESSES
    if spec.network.existing_network is None and addresses < machines:
        detail = f"{spec.network.cidr} has room for {max(addresses, 0)} machines, the pools have {machines}"
        yield FieldError(pointer=f"{_NETWORK}/cidr", detail=detail)


def check_choices(spec: ClusterSpec, catalogue: Catalogue) -> Iterator[FieldError]:
    for index, pool in enumerate(spec.machine_pools):
        yield from _check_pool_choices(pool, f"{_POOLS}/{index}", catalogue)
    yield from _check_network_choices(spec, catalogue)
    if spec.api_endpoint is ApiEndpoint.LOAD_BALANCER and not catalogue.load_balancers:
        yield FieldError(pointer="/spec/api_endpoint", detail="the cloud has no load balancers (Octavia)")


def _check_pool_choices(pool: MachinePool, pointer: str, catalogue: Catalogue) -> Iterator[FieldError]:
    flavor, image = find(catalogue.flavors, pool.flavor), find(catalogue.images, pool.image)
    if flavor is None and pool.flavor:
        yield _unknown(f"{pointer}/flavor", "flavor", pool.flavor, catalogue.flavors)
    if image is None and pool.image:
        yield _unknown(f"{pointer}/image", "image", pool.image, catalogue.images)
    if flavor is not None:
        yield from _check_flavor(pool, flavor, image, pointer)
    zone = pool.availability_zone
    if zone is not None and zone not in catalogue.availability_zones:
        detail = f"there is no availability zone {zone}; there are {', '.join(catalogue.availability_zones)}"
        yield FieldError(pointer=f"{pointer}/availability_zone", detail=detail)


def _check_flavor(
    pool: MachinePool, flavor: FlavorChoice, image: ImageChoice | None, pointer: str
) -> Iterator[FieldError]:
    small = flavor.vcpus < _CONTROL_PLANE_VCPUS or flavor.memory_mib < _CONTROL_PLANE_MEMORY_MIB
    if pool.control_plane_role and small:
        need = f"{_CONTROL_PLANE_VCPUS} vCPUs and {_CONTROL_PLANE_MEMORY_MIB} MiB"
        yield FieldError(pointer=f"{pointer}/flavor", detail=f"a control plane needs {need}; {flavor.name} has less")
    disk = pool.root_volume_gib or flavor.disk_gib
    if image is not None and 0 < disk < image.minimum_disk_gib:
        field = "root_volume_gib" if pool.root_volume_gib else "flavor"
        detail = f"the image {image.name} needs a disk of {image.minimum_disk_gib} GiB, this gives {disk}"
        yield FieldError(pointer=f"{pointer}/{field}", detail=detail)


def _check_network_choices(spec: ClusterSpec, catalogue: Catalogue) -> Iterator[FieldError]:
    network = spec.network
    if network.external_network and find(catalogue.external_networks, network.external_network) is None:
        pointer = f"{_NETWORK}/external_network"
        yield _unknown(pointer, "external network", network.external_network, catalogue.external_networks)
    if network.existing_network is None:
        if network.existing_subnet is not None:
            detail = "name its network in existing_network too"
            yield FieldError(pointer=f"{_NETWORK}/existing_subnet", detail=detail)
        return
    found = find(catalogue.networks, network.existing_network)
    if found is None:
        yield _unknown(f"{_NETWORK}/existing_network", "network", network.existing_network, catalogue.networks)
    elif network.existing_subnet is not None and network.existing_subnet not in found.subnet_ids:
        detail = f"{network.existing_subnet} is no subnet of {found.name}"
        yield FieldError(pointer=f"{_NETWORK}/existing_subnet", detail=detail)


def _unknown(
    pointer: str,
    what: str,
    given: str,
    choices: Sequence[FlavorChoice] | Sequence[ImageChoice] | Sequence[NetworkChoice],
) -> FieldError:
    names = ", ".join(dict.fromkeys(choice.name for choice in choices)) or "none"
    return FieldError(pointer=pointer, detail=f"there is no {what} {given}; there are: {names[:500]}")
