"""An OpenStack in memory, with virtual time, quotas and refusals; clouds that misbehave are named by how.

`FakeCloud` implements the provisioner's `Cloud` protocol. The parts are public, so that a test can look inside and put
things there that a user or the cluster would make.
"""

from dataclasses import replace
from datetime import timedelta

from brb_provisioner.errors import translate, unauthenticated
from brb_provisioner.openstack.cloud import ServerPlan
from brb_provisioner.openstack.resources import (
    Flavor,
    FloatingIp,
    Identity,
    Quota,
    QuotaResource,
    Quotas,
    Resource,
    SecurityGroup,
    Server,
    Volume,
    VolumeSnapshot,
)
from fakes.cloud_balancers import FakeBalancers
from fakes.cloud_base import Inside, Script, VirtualClock, call
from fakes.cloud_machines import FakeMachines
from fakes.cloud_network import FakeNetworks, put

PROJECT = "project-1"
USER = "user-1"
Q = QuotaResource


class FakeCloud(FakeMachines, FakeNetworks, FakeBalancers):
    """One project. `limits`: quotas by resource; what is not named is unlimited."""

    def __init__(self, clock: VirtualClock | None = None, limits: dict[QuotaResource, int] | None = None) -> None:
        inside = Inside(clock or VirtualClock())
        FakeNetworks.__init__(self, inside)
        FakeMachines.__init__(self, inside, self)
        machine_due = self.due
        FakeBalancers.__init__(self, inside, self)
        self.due = machine_due
        self.limits = limits or {}
        self.credentials: set[str] = {"ac-1"}
        self.project_id = PROJECT

    @property
    def clock(self) -> VirtualClock:
        return self.inside.clock

    def use(self, script: Script) -> Script:
        self.inside.script = script
        return script

    def pass_time(self) -> None:
        FakeMachines.pass_time(self)
        FakeBalancers.pass_time(self)

    @call
    def authenticate(self) -> Identity:
        if "ac-1" not in self.credentials:
            raise unauthenticated("The cluster's application credential does not exist any more")
        return Identity(USER, self.project_id)

    @call
    def compute_quotas(self) -> Quotas:
        cores = sum(self._flavor(server).vcpus for server in self.servers.values())
        memory = sum(self._flavor(server).ram_mib for server in self.servers.values())
        counts = {Q.INSTANCES: len(self.servers), Q.CORES: cores, Q.RAM_MIB: memory}
        return self._quotas(counts | {Q.SERVER_GROUPS: len(self.server_groups)})

    @call
    def network_quotas(self) -> Quotas:
        return self._quotas(
            {
                Q.NETWORKS: len(self.networks),
                Q.SUBNETS: len(self.subnets),
                Q.ROUTERS: len(self.routers),
                Q.PORTS: len(self.ports),
                Q.FLOATING_IPS: len(self.floating_ips),
                Q.SECURITY_GROUPS: len(self.groups),
            }
        )

    @call
    def load_balancer_quotas(self) -> Quotas:
        return self._quotas({Q.LOAD_BALANCERS: len(self.balancers)})

    @call
    def volume_quotas(self) -> Quotas:
        return self._quotas({Q.VOLUMES: len(self.volumes), Q.VOLUME_GIGABYTES: 10 * len(self.volumes)})

    def everything(self) -> list[Resource]:
        """All that stands in the project."""
        tables: list[dict[str, Resource]] = [
            {**self.servers}, {**self.server_groups}, {**self.volumes}, {**self.snapshots}, {**self.networks},
            {**self.subnets}, {**self.routers}, {**self.groups}, {**self.ports}, {**self.floating_ips},
            {**self.balancers},
        ]  # fmt: skip
        return [resource for table in tables for resource in table.values()]

    def add_service_of_type_load_balancer(self, cluster_id: str) -> None:
        """What openstack-cloud-controller-manager makes for one Service."""
        subnet = next(iter(self.subnets.values()))
        balancer = self.add(f"kube_service_{cluster_id}_default_web", "Kubernetes external service", subnet.id)
        self.due[balancer.id] = self.clock.now()
        words = f"Floating IP for Kubernetes external service default/web from cluster {cluster_id}"
        put(self.floating_ips, FloatingIp(id="ip-svc", description=words, address="h", port_id=balancer.vip_port_id))
        words = f"Security Group for default/web Service LoadBalancer in cluster {cluster_id}"
        put(self.groups, SecurityGroup(id="group-svc", name="lb-sg-1-default-web", description=words))
        for port_id in list(self.port_groups):
            self.port_groups[f"{port_id}-lb"] = "group-svc"

    def add_persistent_volume(self, cluster_id: str) -> None:
        """What Cinder CSI makes for one claim, with a snapshot of it."""
        put(self.volumes, Volume(id="volume-csi", name="pvc-1", status="available"))
        put(self.snapshots, VolumeSnapshot(id="snapshot-csi", name="snap-1", status="available"))
        self.snapshot_of["snapshot-csi"] = "volume-csi"
        self.cluster_of |= {"volume-csi": cluster_id, "snapshot-csi": cluster_id}

    def drop_port(self, port_id: str) -> None:
        super().drop_port(port_id)
        self.port_groups.pop(f"{port_id}-lb", None)

    def _flavor(self, server: Server) -> Flavor:
        return next(flavor for flavor in self.flavors.values() if flavor.id == self.plans[server.id].flavor_id)

    def _quotas(self, counts: dict[QuotaResource, int]) -> Quotas:
        return {resource: Quota(self.limits.get(resource), used) for resource, used in counts.items()}


class OperatorCloud(FakeCloud):
    """The same project through the operator: signing in works whatever became of the cluster's credential."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.__dict__ = cloud.__dict__

    @call
    def authenticate(self) -> Identity:
        return Identity("operator", self.project_id)


class NeverActiveCloud(FakeCloud):
    """Servers stay in BUILD."""

    def fate_of(self, server: Server) -> Server:
        return server


class ErrorServerCloud(FakeCloud):
    """The first `failing` servers go to ERROR with `fault`."""

    fault = "No valid host was found. There are not enough hosts available."

    def __init__(self, failing: int = 1) -> None:
        super().__init__()
        self.failing = failing

    def fate_of(self, server: Server) -> Server:
        if self.failing <= 0:
            return super().fate_of(server)
        self.failing -= 1
        return replace(server, status="ERROR", fault=self.fault)


class SlowCloud(FakeCloud):
    """Each server takes the cloud ten seconds to accept."""

    @call
    def create_server(self, plan: ServerPlan) -> Server:
        self.clock.advance(timedelta(seconds=10))
        server = Server(id=self.inside.new_id("server"), name=plan.name, description=plan.mark, status="BUILD")
        self.plans[server.id] = plan
        self.due[server.id] = self.clock.now()
        return put(self.servers, server)


class DepletedAddressesCloud(FakeCloud):
    """No floating address is left, though the quota allows more."""

    @call
    def create_floating_ip(self, mark: str, external_network_id: str, port_id: str) -> FloatingIp:
        raise translate(409, "No more IP addresses available on network public", "creating a floating IP")


class LateQuotaCloud(FakeCloud):
    """Its first answer still counts what is being removed, and leaves room for nothing."""

    is_late = True

    @call
    def compute_quotas(self) -> Quotas:
        late, self.is_late = self.is_late, False
        return self._quotas({Q.INSTANCES: self.limits[Q.INSTANCES] if late else len(self.servers)})


class ForgetfulCloud(FakeCloud):
    """Makes the server, answers late: the platform hears of a cut connection, and the list shows it only later."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: list[Server] = []

    @call
    def create_server(self, plan: ServerPlan) -> Server:
        server = Server(id=self.inside.new_id("server"), name=plan.name, description=plan.mark, status="ACTIVE")
        self.plans[server.id] = plan
        self.due[server.id] = self.clock.now()
        if not self.hidden:
            self.hidden.append(server)
            raise translate(None, "Connection aborted", "creating a server")
        return put(self.servers, server)

    def reveal(self) -> None:
        for server in self.hidden:
            put(self.servers, server)
