"""What a spec would make, and whether the quota has room for it. Pure."""

from collections import Counter
from collections.abc import Iterable

from brb_api_gateway.clouds.schemas import QuotaView
from brb_api_gateway.clusters.creation import ClusterChange
from brb_api_gateway.clusters.defaults import find
from brb_api_gateway.clusters.machines import machine_name
from brb_api_gateway.clusters.schemas import ClusterPlan, PlannedResource, QuotaNeed
from brb_api_gateway.clusters.spec import ClusterSpec, MachinePool
from brb_api_gateway.openstack.cloud import Catalogue
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.ids import ClusterId
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
_CREDENTIAL = Counter(application_credentials=1)
_FITS = "It fits the quota"


def render_plan(cluster_name: str, spec: ClusterSpec, catalogue: Catalogue) -> ClusterPlan:
    """Of a cluster that is still to be made."""
    counts = _standing_counts(spec) + _pool_counts(spec.machine_pools)
    return _fitted(
        ClusterPlan(
            spec=spec,
            would_make=_planned(counts + _CREDENTIAL),
            machines=_machine_names(cluster_name, "…", spec),
            quota=_needs(counts + _sizes(spec.machine_pools, catalogue), catalogue),
            fits=True,
            message=_FITS,
        )
    )


def render_change(cluster_name: str, cluster_id: ClusterId, before: ClusterSpec, change: ClusterChange) -> ClusterPlan:
    """What a change makes and takes away. Only what comes needs quota: it comes before the other is gone."""
    after, catalogue = change.spec, change.catalogue
    old, new = _machine_names(cluster_name, cluster_id, before), _machine_names(cluster_name, cluster_id, after)
    coming, going = _surplus(after, before), _surplus(before, after)
    credential = _CREDENTIAL if change.makes_credential else Counter[str]()
    return _fitted(
        ClusterPlan(
            spec=after,
            would_make=_planned(_pool_counts(coming) + credential),
            would_remove=_planned(_pool_counts(going) + credential),
            machines=[name for name in new if name not in old],
            machines_leaving=[name for name in old if name not in new],
            quota=_needs(_pool_counts(coming) + _sizes(coming, catalogue), catalogue) if catalogue else [],
            fits=True,
            message=_FITS,
        )
    )


def _fitted(plan: ClusterPlan) -> ClusterPlan:
    """With the verdict that follows from its quota."""
    missing = [need for need in plan.quota if not need.fits]
    if not missing:
        return plan
    message = "; ".join(_sentence(need) for need in missing)
    return plan.model_copy(update={"fits": False, "code": ErrorCode.QUOTA_EXCEEDED, "message": message})


def _surplus(more: ClusterSpec, less: ClusterSpec) -> list[MachinePool]:
    """The pools of `more` with only as many machines as `less` has not."""
    others = {pool.name: pool.quantity for pool in less.machine_pools}
    return [
        pool.model_copy(update={"quantity": max(pool.quantity - others.get(pool.name, 0), 0)})
        for pool in more.machine_pools
    ]


def _machine_names(cluster_name: str, cluster_id: ClusterId | str, spec: ClusterSpec) -> list[str]:
    return [
        machine_name(cluster_name, cluster_id, pool.name, index)
        for pool in spec.machine_pools
        for index in range(pool.quantity)
    ]


def _needs(wanted: Counter[str], catalogue: Catalogue) -> list[QuotaNeed]:
    """Of the resources that the cloud tells a quota of."""
    quotas = {quota.resource: quota for quota in catalogue.quotas}
    return [_need(quotas[name], count) for name, count in wanted.items() if name in quotas and count]


def _planned(counts: Counter[str]) -> list[PlannedResource]:
    return [
        PlannedResource(type=_TYPES.get(name, name.removesuffix("s")), count=count)
        for name, count in counts.items()
        if count
    ]


def _pool_counts(pools: Iterable[MachinePool]) -> Counter[str]:
    """What there is one of for each machine."""
    counts: Counter[str] = Counter()
    for pool in pools:
        counts.update(
            instances=pool.quantity,
            ports=pool.quantity,
            floating_ips=pool.quantity if pool.floating_ips else 0,
            volumes=pool.quantity if pool.root_volume_gib else 0,
        )
    return counts


def _standing_counts(spec: ClusterSpec) -> Counter[str]:
    """What a cluster has whatever its pools are; a change leaves it alone."""
    counts = Counter(security_groups=_SECURITY_GROUPS, server_groups=1, floating_ips=_api_floating_ips(spec))
    if spec.api_endpoint is ApiEndpoint.LOAD_BALANCER:
        counts.update(load_balancers=1, ports=1)
    if spec.network.existing_network is None:
        counts.update(networks=1, subnets=1, routers=1, ports=1)
    return counts


def _api_floating_ips(spec: ClusterSpec) -> int:
    """One; none where the control plane has its own, which then is the API's too."""
    has_own = any(pool.control_plane_role and pool.floating_ips for pool in spec.machine_pools)
    return 0 if spec.api_endpoint is ApiEndpoint.FLOATING_IP and has_own else 1


def _sizes(pools: Iterable[MachinePool], catalogue: Catalogue | None) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for pool in pools:
        sizes.update(_pool_sizes(pool, catalogue))
    return sizes


def _pool_sizes(pool: MachinePool, catalogue: Catalogue | None) -> dict[str, int]:
    flavor = find(catalogue.flavors, pool.flavor) if catalogue else None
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
