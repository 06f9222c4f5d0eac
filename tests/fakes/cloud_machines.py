"""Nova, Glance and Cinder in memory: servers and volumes take virtual time to come and to go."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from brb_provisioner.errors import misconfigured, translate
from brb_provisioner.openstack.cloud import ServerPlan, VolumePlan
from brb_provisioner.openstack.resources import (
    Flavor,
    Image,
    Server,
    ServerGroup,
    Volume,
    VolumeSnapshot,
)
from fakes.cloud_base import Inside, call
from fakes.cloud_network import FakeNetworks, gone, in_use, marked, put, require

BOOT = timedelta(seconds=4)
LEAVE = timedelta(seconds=2)


@dataclass
class FakeMachines:
    inside: Inside
    network: FakeNetworks
    flavors: dict[str, Flavor] = field(default_factory=lambda: {"m1.small": Flavor("flavor-1", "m1.small", 1, 1024)})
    images: dict[str, Image] = field(default_factory=lambda: {"debian-12": Image("image-1", "debian-12")})
    servers: dict[str, Server] = field(default_factory=dict)
    plans: dict[str, ServerPlan] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    server_groups: dict[str, ServerGroup] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    snapshots: dict[str, VolumeSnapshot] = field(default_factory=dict)
    snapshot_of: dict[str, str] = field(default_factory=dict)
    cluster_of: dict[str, str] = field(default_factory=dict)
    boot: timedelta = BOOT
    leave: timedelta = LEAVE
    console: str = "cloud-init: network is unreachable\n"

    @call
    def find_flavor(self, name_or_id: str) -> Flavor:
        if name_or_id not in self.flavors:
            raise misconfigured(f"The cloud has no flavor {name_or_id}: choose another one, then retry")
        return self.flavors[name_or_id]

    @call
    def find_image(self, name_or_id: str) -> Image:
        if name_or_id not in self.images:
            raise misconfigured(f"The cloud has no active image {name_or_id}: choose another one, then retry")
        return self.images[name_or_id]

    @call
    def list_servers(self, mark: str) -> Sequence[Server]:
        self.pass_time()
        return marked(self.servers, mark)

    @call
    def list_building_servers(self, mark: str) -> frozenset[str]:
        self.pass_time()
        return frozenset(server.id for server in marked(self.servers, mark) if server.status == "BUILD")

    @call
    def create_server(self, plan: ServerPlan) -> Server:
        require(self.network.ports, plan.port_id)
        if any(self.plans[key].port_id == plan.port_id for key in self.servers):
            raise in_use(f"Port {plan.port_id}")
        if plan.volume_id is not None:
            self._attach(plan.volume_id)
        server = Server(id=self.inside.new_id("server"), name=plan.name, description=plan.mark, status="BUILD")
        self.plans[server.id] = plan
        self.due[server.id] = self.inside.clock.now() + self.boot
        return put(self.servers, server)

    @call
    def delete_server(self, server_id: str) -> None:
        self.servers[server_id] = replace(require(self.servers, server_id), is_deleting=True)
        self.due[server_id] = self.inside.clock.now() + self.leave

    @call
    def console_log(self, server_id: str, lines: int) -> str:
        require(self.servers, server_id)
        return "\n".join(self.console.splitlines()[-lines:])

    @call
    def list_server_groups(self, name: str) -> Sequence[ServerGroup]:
        return [group for group in self.server_groups.values() if group.name == name]

    @call
    def create_server_group(self, name: str) -> ServerGroup:
        return put(self.server_groups, ServerGroup(id=self.inside.new_id("servergroup"), name=name))

    @call
    def delete_server_group(self, server_group_id: str) -> None:
        require(self.server_groups, server_group_id)
        del self.server_groups[server_group_id]

    @call
    def list_volumes(self, mark: str) -> Sequence[Volume]:
        self.pass_time()
        return marked(self.volumes, mark)

    @call
    def create_volume(self, plan: VolumePlan) -> Volume:
        volume = Volume(id=self.inside.new_id("volume"), name=plan.name, description=plan.mark, status="creating")
        self.due[volume.id] = self.inside.clock.now() + self.leave
        return put(self.volumes, volume)

    @call
    def delete_volume(self, volume_id: str) -> None:
        volume = require(self.volumes, volume_id)
        if volume.status not in ("available", "error") or volume_id in self.snapshot_of.values():
            raise translate(400, f"Invalid volume: {volume.status}", "deleting a volume")
        self.volumes[volume_id] = replace(volume, status="deleting")
        self.due[volume_id] = self.inside.clock.now() + self.leave

    @call
    def list_cluster_volumes(self, cluster_id: str) -> Sequence[Volume]:
        self.pass_time()
        return [volume for volume in self.volumes.values() if self.cluster_of.get(volume.id) == cluster_id]

    @call
    def list_cluster_snapshots(self, cluster_id: str) -> Sequence[VolumeSnapshot]:
        return [snapshot for snapshot in self.snapshots.values() if self.cluster_of.get(snapshot.id) == cluster_id]

    @call
    def delete_volume_snapshot(self, snapshot_id: str) -> None:
        require(self.snapshots, snapshot_id)
        del self.snapshots[snapshot_id], self.snapshot_of[snapshot_id]

    def pass_time(self) -> None:
        """Let what is due have come or gone."""
        now = self.inside.clock.now()
        for server in list(self.servers.values()):
            if self.due[server.id] <= now:
                self._server_arrives(server)
        for volume in list(self.volumes.values()):
            if self.due.get(volume.id, now) <= now:
                self._settle_volume(volume)

    def fate_of(self, server: Server) -> Server:
        """How a boot ends; behaviours override it."""
        return replace(server, status="ACTIVE", availability_zone="nova")

    def vanish(self, name: str) -> None:
        """Somebody deletes the server by hand."""
        for server in [server for server in self.servers.values() if server.name == name]:
            self._drop_server(server)

    def _server_arrives(self, server: Server) -> None:
        if server.is_deleting:
            self._drop_server(server)
        elif server.status == "BUILD":
            self.servers[server.id] = self.fate_of(server)

    def _drop_server(self, server: Server) -> None:
        del self.servers[server.id]
        volume_id = self.plans[server.id].volume_id
        if volume_id is not None and volume_id in self.volumes:
            self.volumes[volume_id] = replace(self.volumes[volume_id], status="available")

    def _settle_volume(self, volume: Volume) -> None:
        if volume.status == "deleting":
            del self.volumes[volume.id]
        elif volume.status == "creating":
            self.volumes[volume.id] = replace(volume, status="available")

    def _attach(self, volume_id: str) -> None:
        volume = require(self.volumes, volume_id)
        if volume.status != "available":
            raise gone(f"Volume {volume_id} in status available")
        self.volumes[volume_id] = replace(volume, status="in-use")
