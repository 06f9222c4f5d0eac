"""What stands in a cloud, as frozen dataclasses. Field names are OpenStack's; sizes carry their unit."""

from dataclasses import dataclass
from enum import StrEnum


class ResourceType(StrEnum):
    """OpenStack's name of a thing; the `type` of ledger entries and of `ResourceRef`."""

    NETWORK = "network"
    SUBNET = "subnet"
    ROUTER = "router"
    ROUTER_INTERFACE = "router_interface"
    SECURITY_GROUP = "security_group"
    PORT = "port"
    FLOATING_IP = "floating_ip"
    SERVER = "server"
    SERVER_GROUP = "server_group"
    VOLUME = "volume"
    VOLUME_SNAPSHOT = "volume_snapshot"
    LOAD_BALANCER = "load_balancer"
    APPLICATION_CREDENTIAL = "application_credential"
    """In ledgers from before the hub took it away."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """`description` holds the cluster's mark: unlike a Neutron tag it is written by the create itself."""

    id: str
    name: str = ""
    description: str = ""
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Network(Resource):
    pass


@dataclass(frozen=True, kw_only=True)
class Subnet(Resource):
    network_id: str
    cidr: str


@dataclass(frozen=True, kw_only=True)
class Router(Resource):
    pass


@dataclass(frozen=True, order=True)
class Rule:
    """An ingress rule for IPv4. Ports None: all; protocol None: every protocol. One of the two remotes is set."""

    protocol: str | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_cidr: str | None = None
    remote_group_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class SecurityGroup(Resource):
    """`rules`: id of each ingress rule that carries a cluster's mark, and what it says."""

    rules: tuple[tuple[str, Rule], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Port(Resource):
    network_id: str
    address: str | None = None
    device_id: str = ""
    device_owner: str = ""


@dataclass(frozen=True, kw_only=True)
class FloatingIp(Resource):
    address: str
    port_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Server(Resource):
    """`status` is Nova's: BUILD, ACTIVE, ERROR, SHUTOFF, …"""

    status: str
    is_deleting: bool = False
    fault: str = ""
    availability_zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class ServerGroup(Resource):
    pass


@dataclass(frozen=True, kw_only=True)
class Volume(Resource):
    """`status` is Cinder's: creating, available, in-use, deleting, error, …"""

    status: str


@dataclass(frozen=True, kw_only=True)
class VolumeSnapshot(Resource):
    status: str


@dataclass(frozen=True, kw_only=True)
class LoadBalancer(Resource):
    """`provisioning_status` is Octavia's: ACTIVE, PENDING_CREATE, PENDING_UPDATE, PENDING_DELETE, ERROR."""

    provisioning_status: str
    vip_address: str
    vip_port_id: str | None = None


@dataclass(frozen=True)
class LoadBalancerTree:
    """What stands below a load balancer: one listener, one pool, its members (address → id), one health monitor."""

    listener_id: str | None = None
    pool_id: str | None = None
    members: tuple[tuple[str, str], ...] = ()
    health_monitor_id: str | None = None


@dataclass(frozen=True)
class Flavor:
    id: str
    name: str
    vcpus: int
    ram_mib: int


@dataclass(frozen=True)
class Image:
    id: str
    name: str


@dataclass(frozen=True)
class Identity:
    """Whom a token speaks for."""

    user_id: str
    project_id: str


class QuotaResource(StrEnum):
    INSTANCES = "instances"
    CORES = "cores"
    RAM_MIB = "ram_mib"
    SERVER_GROUPS = "server_groups"
    NETWORKS = "networks"
    SUBNETS = "subnets"
    ROUTERS = "routers"
    PORTS = "ports"
    FLOATING_IPS = "floating_ips"
    SECURITY_GROUPS = "security_groups"
    SECURITY_GROUP_RULES = "security_group_rules"
    LOAD_BALANCERS = "load_balancers"
    VOLUMES = "volumes"
    VOLUME_GIGABYTES = "volume_gigabytes"


@dataclass(frozen=True)
class Quota:
    """`limit` None: unlimited."""

    limit: int | None
    used: int

    @property
    def free(self) -> int | None:
        return None if self.limit is None else self.limit - self.used


Quotas = dict[QuotaResource, Quota]
