"""What a spec would make, and whether the quota has room for it. Pure."""

from collections import Counter

from brb_api_gateway.clouds.schemas import QuotaView
from brb_api_gateway.clusters.defaults import find
from brb_api_gateway.clusters.machines import machine_count, machine_name
from brb_api_gateway.clusters.schemas import ClusterPlan, PlannedResource, QuotaNeed
from brb_api_gateway.clusters.spec import ClusterSpec, MachinePool
from brb_api_gateway.openstack.cloud import Catalogue
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.infrastructure import ApiEndpoint

_WORDS = {
    "instances": ("server", "servers"),
    "cores": ("vCPU", "vCPUs"),
    "ram_mib": ("MiB of memory", "MiB of memory"),
    "floating_ips": ("floating IP", "floating IPs"),
    "volume_gib": ("GiB of volumes", "GiB of volumes"),
}
_TYPES = {"instances": "server"}
_SECURITY_GROUPS = 2


def render_plan(cluster_name: str, spec: ClusterSpec, catalogue: Catalogue) -> ClusterPlan:
    needs = quota_needs(spec, catalogue)
    missing = [need for need in needs if not need.fits]
    return ClusterPlan(
        spec=spec,
        would_make=planned_resources(spec),
        machines=[
            machine_name(cluster_name, "…", pool.name, index)
            for pool in spec.machine_pools
            for index in range(pool.quantity)
        ],
        quota=needs,
        fits=not missing,
        code=ErrorCode.QUOTA_EXCEEDED if missing else None,
        message="; ".join(_sentence(need) for need in missing) or "It fits the quota",
    )


def quota_needs(spec: ClusterSpec, catalogue: Catalogue) -> list[QuotaNeed]:
    """Of the resources that the cloud tells a quota of."""
    wanted = _counts(spec) + _sizes(spec, catalogue)
    quotas = {quota.resource: quota for quota in catalogue.quotas}
    return [_need(quotas[name], count) for name, count in wanted.items() if name in quotas and count]


def planned_resources(spec: ClusterSpec) -> list[PlannedResource]:
    counts = _counts(spec) + Counter(application_credentials=1)
    return [
        PlannedResource(type=_TYPES.get(name, name.removesuffix("s")), count=count)
        for name, count in counts.items()
        if count
    ]


def _counts(spec: ClusterSpec) -> Counter[str]:
    machines, balancer = machine_count(spec), spec.api_endpoint is ApiEndpoint.LOAD_BALANCER
    counts = Counter(
        instances=machines,
        ports=machines,
        floating_ips=_floating_ips(spec),
        security_groups=_SECURITY_GROUPS,
        server_groups=1,
        volumes=sum(pool.quantity for pool in spec.machine_pools if pool.root_volume_gib),
    )
    if balancer:
        counts.update(load_balancers=1, ports=1)
    if spec.network.existing_network is None:
        counts.update(networks=1, subnets=1, routers=1, ports=1)
    return counts


def _floating_ips(spec: ClusterSpec) -> int:
    """One for the API; with the floating IP endpoint it is the control plane's own."""
    of_pools = sum(pool.quantity for pool in spec.machine_pools if pool.floating_ips)
    own = spec.api_endpoint is ApiEndpoint.FLOATING_IP and any(
        pool.control_plane_role and pool.floating_ips for pool in spec.machine_pools
    )
    return of_pools + (0 if own else 1)


def _sizes(spec: ClusterSpec, catalogue: Catalogue) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for pool in spec.machine_pools:
        sizes.update(_pool_sizes(pool, catalogue))
    return sizes


def _pool_sizes(pool: MachinePool, catalogue: Catalogue) -> dict[str, int]:
    flavor = find(catalogue.flavors, pool.flavor)
    volumes = {"volume_gib": pool.quantity * (pool.root_volume_gib or 0)}
    if flavor is None:
        return volumes
    return {"cores": pool.quantity * flavor.vcpus, "ram_mib": pool.quantity * flavor.memory_mib, **volumes}


def _need(quota: QuotaView, count: int) -> QuotaNeed:
    return QuotaNeed(
        resource=quota.resource,
        need=count,
        limit=quota.limit,
        used=quota.used,
        free=quota.free,
        fits=quota.free is None or count <= quota.free,
    )


def _sentence(need: QuotaNeed) -> str:
    """Such as: 2 floating IPs missing: quota 3, used 3."""
    plural = need.resource.replace("_", " ")
    missing = need.need - (need.free or 0)
    words = _WORDS.get(need.resource, (plural.removesuffix("s"), plural))[missing > 1]
    return f"{missing} {words} missing: quota {need.limit}, used {need.used}"
