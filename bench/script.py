"""What a skilled operator would write to get the same cluster, once: everything at the same time that can be.

1 control plane and 1 worker, until `kubectl get nodes` calls both Ready; `adding.py` adds another worker. Nothing is
checked, repaired, recorded or repeatable here beyond that: it is the yardstick, not a product.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
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


@dataclass(frozen=True)
class Ground:
    """What a machine stands on, by id, and the operator's SSH key."""

    network: str
    security_group: str
    flavor: str
    image: str
    key: asyncssh.SSHKey


@dataclass(frozen=True)
class Host:
    """A machine and the host key that it was given."""

    machine: Machine
    host_key: asyncssh.SSHKey


@dataclass(frozen=True)
class Built:
    """A cluster that stands: what its operator notes, to add to it later.

    `address` is the control plane's floating one; `ca_hash` is what a joining node knows the cluster by.
    """

    ground: Ground
    control_plane: Host
    address: str
    ca_hash: str


After = Callable[[Cloud, Shape, Built], Awaitable[Stopwatch]]


def time_script(os_cloud: str, shape: Shape, name: str, after: After | None = None) -> list[Stopwatch]:
    """Makes the cluster, says how long that took, and removes it, also when it fails or is interrupted.

    `after`: what else is done with the cluster before it is removed; its watch comes second.
    """
    watch = Stopwatch()
    cloud = Cloud.connect(os_cloud, name)

    async def all_of_it() -> list[Stopwatch]:
        built = await _build(cloud, shape, watch)
        return [watch, await after(cloud, shape, built)] if after is not None else [watch]

    try:
        return asyncio.run(all_of_it())  # its end waits for calls that are under way
    finally:
        cloud.remove()


async def make_host(cloud: Cloud, ground: Ground, role: str) -> Host:
    host_key = nodes.new_key()
    user_data = nodes.user_data(f"{cloud.name}-{role}", nodes.public_half(ground.key), host_key)
    machine = await cloud.machine(role, ground.network, ground.security_group, ground.flavor, ground.image, user_data)
    return Host(machine, host_key)


async def prepare(node: Connection, role: str, shape: Shape) -> None:
    await nodes.run(
        node, "prepare.sh", MIRROR=nodes.MIRROR, REGISTRY=nodes.REGISTRY, IMAGES=nodes.IMAGES,
        VERSION=shape.kubernetes, ROLE=role, LATER=nodes.LATER[role],
    )  # fmt: skip


async def _build(cloud: Cloud, shape: Shape, watch: Stopwatch) -> Built:
    async with asyncio.TaskGroup() as group:
        credential = group.create_task(cloud.credential())
        ground, hosts, address = await _machines(cloud, shape, watch, group)
        watching = [group.create_task(cloud.active(host.machine)) for host in hosts]
        control_plane, worker = await _prepared(ground, hosts, address, shape, watch)
        await asyncio.gather(*watching)
        cloud_conf = nodes.cloud_conf(await credential)
        ca_hash = await _cluster(hosts, (control_plane, worker), address, cloud_conf, shape, watch)
        return Built(ground, hosts[0], address, ca_hash)


async def _machines(
    cloud: Cloud, shape: Shape, watch: Stopwatch, group: asyncio.TaskGroup
) -> tuple[Ground, tuple[Host, Host], str]:
    """Control plane and worker, and the address of the control plane."""
    router, floating_ip = group.create_task(cloud.router()), group.create_task(cloud.floating_ip())
    (network, subnet), security_group, (flavor, image) = await asyncio.gather(
        cloud.network(), cloud.security_group(), cloud.flavor_and_image(shape.flavor, shape.image)
    )
    ground = Ground(network, security_group, flavor, image, nodes.new_key())

    async def plug() -> None:
        await cloud.plug(await router, subnet)

    control_plane, worker, _ = await asyncio.gather(
        make_host(cloud, ground, "cp"), make_host(cloud, ground, "worker"), plug()
    )
    await cloud.attach(await floating_ip, control_plane.machine.port)
    watch.lap("network and servers asked for")
    return ground, (control_plane, worker), (await floating_ip).floating_ip_address


async def _prepared(
    ground: Ground, hosts: tuple[Host, Host], address: str, shape: Shape, watch: Stopwatch
) -> tuple[Connection, Connection]:
    """Connections to both, once both are prepared."""
    first, second = hosts

    async def reach_and_prepare_worker() -> Connection:
        node = await nodes.reach(second.machine.address, ground.key, second.host_key, jump=control_plane)
        await prepare(node, "worker", shape)
        return node

    control_plane = await nodes.reach(address, ground.key, first.host_key)
    watch.lap("control plane answers on SSH")
    _, worker = await asyncio.gather(prepare(control_plane, "control-plane", shape), reach_and_prepare_worker())
    watch.lap("both prepared")
    return control_plane, worker


async def _cluster(
    hosts: tuple[Host, Host],
    connections: tuple[Connection, Connection],
    address: str,
    cloud_conf: str,
    shape: Shape,
    watch: Stopwatch,
) -> str:
    """The hash that the cluster's certificate authority is known by."""
    (first, second), (control_plane, worker) = (host.machine for host in hosts), connections
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
    await nodes.run(control_plane, "ready.sh", NODES="2")
    watch.lap("both Ready")
    return ca_hash
