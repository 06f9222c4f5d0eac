"""What a project can choose from: openstacksdk's objects to ours. The parts are asked for at the same time."""

from collections.abc import Callable
from typing import Any

from openstack.connection import Connection

from brb_api_gateway.clouds.schemas import FlavorChoice, ImageChoice, NetworkChoice, QuotaView
from brb_api_gateway.openstack.cloud import Catalogue

SUPPORTED_DISTRIBUTIONS = ("debian", "ubuntu")


def flavors(cloud: Connection) -> tuple[FlavorChoice, ...]:
    found = [
        FlavorChoice(id=one.id, name=one.name, vcpus=one.vcpus, memory_mib=one.ram, disk_gib=one.disk)
        for one in cloud.compute.flavors()
        if not one.is_disabled
    ]
    return tuple(sorted(found, key=lambda flavor: (flavor.vcpus, flavor.memory_mib, flavor.disk_gib, flavor.name)))


def images(cloud: Connection) -> tuple[ImageChoice, ...]:
    """Newest first."""
    active = [one for one in cloud.image.images(status="active") if one.properties.get("image_type") != "snapshot"]
    return tuple(_image(one) for one in sorted(active, key=lambda one: one.created_at or "", reverse=True))


def _image(one: Any) -> ImageChoice:
    distribution = (one.os_distro or "").lower() or None
    hint = distribution or one.name.lower()
    return ImageChoice(
        id=one.id,
        name=one.name,
        distribution=distribution,
        minimum_disk_gib=one.min_disk or 0,
        minimum_memory_mib=one.min_ram or 0,
        supported=any(name in hint for name in SUPPORTED_DISTRIBUTIONS),
    )


def networks(cloud: Connection) -> tuple[tuple[NetworkChoice, ...], tuple[NetworkChoice, ...]]:
    """Those that machines can be attached to, and the external ones."""
    inside: list[NetworkChoice] = []
    outside: list[NetworkChoice] = []
    for one in cloud.network.networks():
        choice = NetworkChoice(id=one.id, name=one.name, subnet_ids=tuple(one.subnet_ids or ()))
        (outside if one.is_router_external else inside).append(choice)
    return tuple(inside), tuple(outside)


def availability_zones(cloud: Connection) -> tuple[str, ...]:
    zones = cloud.compute.availability_zones()
    return tuple(sorted(zone.name for zone in zones if zone.state.get("available", True)))


def load_balancer_quotas(cloud: Connection) -> tuple[QuotaView, ...]:
    """Empty where the cloud has no Octavia. Octavia tells limits only: what is used is counted."""
    if not cloud.has_service("load-balancer"):
        return ()
    limit = cloud.load_balancer.get_quota(cloud.current_project_id or "").load_balancers
    return (_quota("load_balancers", limit, sum(1 for _ in cloud.load_balancer.load_balancers())),)


def compute_quotas(cloud: Connection) -> tuple[QuotaView, ...]:
    limits = cloud.compute.get_limits().absolute
    return (
        _quota("instances", limits.instances, limits.instances_used),
        _quota("cores", limits.total_cores, limits.total_cores_used),
        _quota("ram_mib", limits.total_ram, limits.total_ram_used),
        _quota("server_groups", limits.server_groups, limits.server_groups_used),
    )


def network_quotas(cloud: Connection) -> tuple[QuotaView, ...]:
    """Source: Neutron API, "Show quota details"."""
    details = cloud.network.get_quota(cloud.current_project_id or "", details=True)
    names = ("networks", "subnets", "routers", "ports", "floating_ips", "security_groups", "security_group_rules")
    return tuple(_detailed(name, getattr(details, name)) for name in names)


def volume_quotas(cloud: Connection) -> tuple[QuotaView, ...]:
    if not cloud.has_service("block-storage"):
        return ()
    limits = cloud.block_storage.get_limits().absolute
    return (
        _quota("volumes", limits.max_total_volumes, limits.total_volumes_used),
        _quota("volume_gib", limits.max_total_volume_gigabytes, limits.total_gigabytes_used),
    )


def _detailed(name: str, detail: Any) -> QuotaView:
    return _quota(name, detail["limit"], detail["used"] + detail.get("reserved", 0))


def _quota(resource: str, limit: int | None, used: int | None) -> QuotaView:
    """OpenStack writes unlimited as -1."""
    used = used or 0
    if limit is None or limit < 0:
        return QuotaView(resource=resource, limit=None, used=used, free=None)
    return QuotaView(resource=resource, limit=limit, used=used, free=max(limit - used, 0))


PARTS: tuple[Callable[[Connection], Any], ...] = (
    flavors,
    images,
    networks,
    availability_zones,
    load_balancer_quotas,
    compute_quotas,
    network_quotas,
    volume_quotas,
)


def catalogue(
    flavors: tuple[FlavorChoice, ...],
    images: tuple[ImageChoice, ...],
    networks: tuple[tuple[NetworkChoice, ...], tuple[NetworkChoice, ...]],
    availability_zones: tuple[str, ...],
    load_balancers: tuple[QuotaView, ...],
    compute: tuple[QuotaView, ...],
    network: tuple[QuotaView, ...],
    volume: tuple[QuotaView, ...],
) -> Catalogue:
    """From the results of PARTS, in their order."""
    inside, outside = networks
    return Catalogue(
        flavors=flavors,
        images=images,
        networks=inside,
        external_networks=outside,
        availability_zones=availability_zones,
        load_balancers=bool(load_balancers),
        quotas=(*compute, *network, *volume, *load_balancers),
    )
