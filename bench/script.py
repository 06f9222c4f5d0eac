"""What a skilled operator would write to get the same cluster, once: everything at the same time that can be.

1 control plane and 1 worker, until `kubectl get nodes` calls both Ready. Nothing is checked, repaired, recorded or
repeatable here beyond that: it is the yardstick, not a product.
"""

import asyncio
import secrets
import time
from dataclasses import dataclass, field

import asyncssh

from bench import nodes
from bench.cloud import Cloud, Machine
from bench.shape import Shape

Connection = asyncssh.SSHClientConnection


@dataclass
class Stopwatch:
    """Laps on one path; what runs beside it is not counted."""

    started: float = field(default_factory=time.monotonic)
    laps: list[tuple[str, float]] = field(default_factory=list)

    def lap(self, name: str) -> None:
        self.laps.append((name, time.monotonic() - self.started - sum(seconds for _, seconds in self.laps)))

    @property
    def seconds(self) -> float:
        return sum(seconds for _, seconds in self.laps)


def time_script(os_cloud: str, shape: Shape, name: str) -> Stopwatch:
    """Makes the cluster, says how long that took, and removes it, also when it fails or is interrupted."""
    watch = Stopwatch()
    cloud = Cloud.connect(os_cloud, name)
    try:
        asyncio.run(_build(cloud, shape, watch))  # its end waits for calls that are under way
    finally:
        cloud.remove()
    return watch


async def _build(cloud: Cloud, shape: Shape, watch: Stopwatch) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    async with asyncio.TaskGroup() as group:
        credential = group.create_task(cloud.credential())
        machines, address, watching = await _machines(cloud, shape, key, watch, group)
        control_plane, worker = await _prepared(machines, address, key, shape, watch)
        await asyncio.gather(*watching)
        await _cluster(machines, (control_plane, worker), address, cloud_conf=nodes.cloud_conf(await credential),
                       shape=shape, watch=watch)  # fmt: skip


async def _machines(
    cloud: Cloud, shape: Shape, key: asyncssh.SSHKey, watch: Stopwatch, group: asyncio.TaskGroup
) -> tuple[tuple[Machine, Machine], str, list[asyncio.Task[None]]]:
    """Control plane and worker, the address of the control plane, and the tasks that notice a failed server."""
    router, floating_ip = group.create_task(cloud.router()), group.create_task(cloud.floating_ip())
    (network, subnet), security_group, (flavor, image) = await asyncio.gather(
        cloud.network(), cloud.security_group(), cloud.flavor_and_image(shape.flavor, shape.image)
    )

    async def machine(role: str) -> Machine:
        user_data = nodes.user_data(f"{cloud.name}-{role}", key.export_public_key().decode().strip())
        return await cloud.machine(role, network, security_group, flavor, image, user_data)

    async def plug() -> None:
        await cloud.plug(await router, subnet)

    control_plane, worker, _ = await asyncio.gather(machine("cp"), machine("worker"), plug())
    await cloud.attach(await floating_ip, control_plane.port)
    watch.lap("network and servers asked for")
    watching = [group.create_task(cloud.active(each)) for each in (control_plane, worker)]
    return (control_plane, worker), (await floating_ip).floating_ip_address, watching


async def _prepared(
    machines: tuple[Machine, Machine], address: str, key: asyncssh.SSHKey, shape: Shape, watch: Stopwatch
) -> tuple[Connection, Connection]:
    """Connections to both, once both are prepared."""
    common = {"MIRROR": nodes.MIRROR, "REGISTRY": nodes.REGISTRY, "IMAGES": nodes.IMAGES, "VERSION": shape.kubernetes}

    async def prepare(node: Connection, role: str) -> None:
        await nodes.run(node, "prepare.sh", **common, ROLE=role, LATER=nodes.LATER[role])

    async def reach_and_prepare_worker() -> Connection:
        node = await nodes.reach(machines[1].address, key, jump=control_plane)
        await prepare(node, "worker")
        return node

    control_plane = await nodes.reach(address, key)
    watch.lap("control plane answers on SSH")
    _, worker = await asyncio.gather(prepare(control_plane, "control-plane"), reach_and_prepare_worker())
    watch.lap("both prepared")
    return control_plane, worker


async def _cluster(
    machines: tuple[Machine, Machine],
    connections: tuple[Connection, Connection],
    address: str,
    cloud_conf: str,
    shape: Shape,
    watch: Stopwatch,
) -> None:
    (first, second), (control_plane, worker) = machines, connections
    token = f"{secrets.token_hex(3)}.{secrets.token_hex(8)}"
    configuration = nodes.init_configuration(first, address, token, shape.kubernetes)
    ca_hash = await nodes.run(control_plane, "init.sh", CONFIGURATION=configuration)
    watch.lap("kubeadm init")
    addons = {"MIRROR": nodes.MIRROR, "IMAGES": nodes.IMAGES, "POD_CIDR": nodes.POD_CIDR, "CLOUD_CONF": cloud_conf}
    join = nodes.join_configuration(second, first, token, ca_hash)
    await asyncio.gather(
        nodes.run(control_plane, "addons.sh", **addons), nodes.run(worker, "join.sh", CONFIGURATION=join)
    )
    watch.lap("addons applied, worker joined")
    await nodes.run(control_plane, "ready.sh")
    watch.lap("both Ready")
