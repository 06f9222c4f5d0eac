"""What every project finds: flavors, the network `public`, the image `debian-12`; and the two projects' quotas."""

import subprocess
from pathlib import Path
from typing import Any

from brb_sandbox.places import MACHINE_DISK, MACHINE_IMAGE_ID, PUBLIC_CIDR, PUBLIC_GATEWAY, PUBLIC_POOL

_FLAVORS = (("m1.small", 1, 1024, 10), ("m1.medium", 2, 2048, 20), ("m1.large", 2, 4096, 20))
_COMPUTE_QUOTAS = {
    "demo": {"instances": 20, "cores": 40, "ram": 65536, "server_groups": 30, "server_group_members": 50},
    "small": {"instances": 2, "cores": 4, "ram": 4096},
}
_NETWORK_QUOTAS = {
    "demo": {"floating_ips": 30, "networks": 30, "subnets": 30, "routers": 20, "ports": 300, "security_groups": 100},
    "small": {"floating_ips": 1},
}
_VOLUME_QUOTAS = {"demo": {"volumes": 50, "gigabytes": 500, "snapshots": 50}, "small": {"volumes": 2, "gigabytes": 20}}
_LOAD_BALANCER_QUOTAS = {"demo": {"load_balancers": 10}, "small": {"load_balancers": 1}}


def seed(cloud: Any) -> None:
    """Make everything, as admin, in a fresh cloud. The machine image's id is left in MACHINE_IMAGE_ID."""
    for name, cores, memory_mib, disk_gib in _FLAVORS:
        cloud.compute.create_flavor(name=name, vcpus=cores, ram=memory_mib, disk=disk_gib)
    seed_public_network(cloud)
    for name in ("demo", "small"):
        seed_quotas(cloud, name)
    seed_machine_image(cloud)


def seed_public_network(cloud: Any) -> None:
    network = cloud.network.create_network(
        name="public",
        is_router_external=True,
        provider_network_type="flat",
        provider_physical_network="public",
        mtu=1500,
    )
    first, last = PUBLIC_POOL
    cloud.network.create_subnet(
        network_id=network.id,
        name="public",
        ip_version=4,
        cidr=PUBLIC_CIDR,
        gateway_ip=PUBLIC_GATEWAY,
        is_dhcp_enabled=False,
        allocation_pools=[{"start": first, "end": last}],
    )


def seed_quotas(cloud: Any, project_name: str) -> None:
    project = cloud.identity.find_project(project_name, ignore_missing=False)
    cloud.compute.update_quota_set(project.id, **_COMPUTE_QUOTAS[project_name])
    cloud.network.update_quota(project.id, **_NETWORK_QUOTAS[project_name])
    cloud.block_storage.update_quota_set(project.id, **_VOLUME_QUOTAS[project_name])
    cloud.load_balancer.update_quota(project.id, **_LOAD_BALANCER_QUOTAS[project_name])


def seed_machine_image(cloud: Any) -> None:
    """Upload the disk once, so that Glance knows its size and checksum; the file itself is not kept in the state."""
    disk = Path("/tmp/debian-12.raw")
    subprocess.run(("zstd", "-qdf", "--sparse", str(MACHINE_DISK), "-o", str(disk)), check=True)
    image = cloud.create_image(
        "debian-12",
        filename=str(disk),
        disk_format="raw",
        container_format="bare",
        visibility="public",
        min_disk=2,
        wait=True,
    )
    MACHINE_IMAGE_ID.write_text(image.id)
    disk.unlink()
