"""Changing a spec: the merge patch, and what cannot be changed. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from brb_api_gateway.clusters.defaults import control_planes
from brb_api_gateway.clusters.spec import ClusterSpec, MachinePool
from brb_shared.contracts.infrastructure import ApiEndpoint
from brb_shared.http import FieldError

_FIXED = ("kubernetes_version", "api_endpoint")
_FIXED_NETWORK = (
    "cidr",
    "pod_cidr",
    "service_cidr",
    "external_network",
    "existing_network",
    "existing_subnet",
    "dns_nameservers",
)
_FIXED_POOL = (
    "control_plane_role",
    "worker_role",
    "flavor",
    "image",
    "root_volume_gib",
    "floating_ips",
    "availability_zone",
)


def merge_patch(target: Any, patch: Any) -> Any:
    """Source: RFC 7396, section 2."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def check_change(before: ClusterSpec, after: ClusterSpec) -> Iterator[FieldError]:
    """What would need other machines than those that stand is refused, and says what to do instead."""
    for name in _FIXED:
        if getattr(before, name) != getattr(after, name):
            yield FieldError(pointer=f"/spec/{name}", detail=_fixed(name, getattr(before, name)))
    for name in _FIXED_NETWORK:
        if getattr(before.network, name) != getattr(after.network, name):
            yield FieldError(pointer=f"/spec/network/{name}", detail=_fixed(name, getattr(before.network, name)))
    yield from _check_pools(before, after)
    if control_planes(before) != control_planes(after) and before.api_endpoint is not ApiEndpoint.LOAD_BALANCER:
        detail = "the number of control planes can be changed only where the API endpoint is a load balancer"
        yield FieldError(pointer="/spec/machine_pools", detail=detail)


def _check_pools(before: ClusterSpec, after: ClusterSpec) -> Iterator[FieldError]:
    old = {pool.name: pool for pool in before.machine_pools}
    for index, pool in enumerate(after.machine_pools):
        if pool.name in old:
            yield from _check_pool(f"/spec/machine_pools/{index}", old[pool.name], pool)


def _check_pool(pointer: str, before: MachinePool, after: MachinePool) -> Iterator[FieldError]:
    for name in _FIXED_POOL:
        if getattr(before, name) != getattr(after, name):
            detail = f"cannot be changed from {getattr(before, name)}: add another pool and take this one out"
            yield FieldError(pointer=f"{pointer}/{name}", detail=detail)


def _fixed(name: str, value: Any) -> str:
    return f"{name} cannot be changed, it is {value!s}"


def needs_cloud(before: ClusterSpec, given_pools: set[str]) -> bool:
    """Only a new pool has something to look up; all else that can be changed needs no cloud."""
    return not given_pools <= {pool.name for pool in before.machine_pools}
