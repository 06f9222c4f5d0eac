"""Kind `infrastructure`: machines, network and API endpoint. Written by the hub, done by the provisioner."""

from enum import StrEnum

from pydantic import Field

from brb_shared.contracts.base import Contract
from brb_shared.contracts.desired import Desired, MachineRole, Observed


class ApiEndpoint(StrEnum):
    """Where the Kubernetes API answers."""

    FLOATING_IP = "floating_ip"
    LOAD_BALANCER = "load_balancer"


class DesiredNetwork(Contract):
    cidr: str = Field(description="IPv4 range of the machines' own subnet, such as 10.6.0.0/24")
    external_network: str | None = Field(default=None, description="Name or id; None: the cloud's only one")
    existing_network: str | None = Field(default=None, description="Id of a network to use instead of making one")
    existing_subnet: str | None = Field(default=None, description="Id of the subnet in `existing_network`")
    dns_nameservers: tuple[str, ...] = Field(default=(), description="Empty: the cloud's own default")
    api_allowed_cidrs: tuple[str, ...] = ("0.0.0.0/0",)
    ssh_allowed_cidrs: tuple[str, ...] = Field(default=("0.0.0.0/0",), description="With the installer's own")


class DesiredPool(Contract):
    name: str
    role: MachineRole
    flavor: str = Field(description="Name or id")
    image: str = Field(description="Name or id")
    root_volume_gib: int | None = Field(default=None, description="Boot from a volume of this size; None: local disk")
    floating_ips: bool = Field(default=False, description="A floating IP for each machine")
    availability_zone: str | None = None


class DesiredMachine(Contract):
    name: str = Field(description="The server's name, host name and Kubernetes node name")
    pool: str


class InfrastructureDesired(Desired):
    """A machine that is not listed is removed; one that is listed and gone is made again."""

    network: DesiredNetwork
    api_endpoint: ApiEndpoint = ApiEndpoint.FLOATING_IP
    keep_floating_ip: bool = Field(default=False, description="On delete, leave the API's floating IP to the project")
    pools: tuple[DesiredPool, ...] = ()
    machines: tuple[DesiredMachine, ...] = ()
    doubts: tuple[str, ...] = Field(
        default=(),
        description="What the installer says of machines that are silent. A new text makes the provisioner look "
        "at once whether they are still there, not at the next comparison with the cloud",
    )


class MachineState(StrEnum):
    BUILDING = "building"
    ACTIVE = "active"
    ERROR = "error"
    STOPPED = "stopped"
    DELETING = "deleting"


class ObservedMachine(Contract):
    name: str
    pool: str
    role: MachineRole
    state: MachineState
    server_id: str | None = None
    private_address: str | None = None
    floating_address: str | None = None
    availability_zone: str | None = None
    host_public_key: str | None = Field(default=None, description="OpenSSH form; given to the machine in its user-data")
    evidence: str = Field(default="", description="Why it does not come: fault, end of the console log, probes")


class ResourceRef(Contract):
    """One thing in the cloud."""

    type: str = Field(description="OpenStack's name of it: server, port, network, subnet, router, floating_ip, …")
    id: str
    name: str = ""


class InfrastructureOutputs(Contract):
    network_id: str | None = None
    subnet_id: str | None = None
    router_id: str | None = None
    floating_network_id: str | None = None
    load_balancer_id: str | None = None
    api_external_host: str | None = Field(default=None, description="What a user's kubeconfig points to")
    api_internal_host: str | None = Field(default=None, description="kubeadm's controlPlaneEndpoint")
    api_port: int = 6443


class InfrastructureObserved(Observed):
    """`initialized`: the API endpoint's address is known and the first control plane's machine is ACTIVE."""

    outputs: InfrastructureOutputs = InfrastructureOutputs()
    machines: tuple[ObservedMachine, ...] = ()
    made: tuple[ResourceRef, ...] = Field(default=(), description="The ledger: what stands in the cloud")
    removed: tuple[ResourceRef, ...] = Field(default=(), description="The delete's report: what was taken away")
    remaining: tuple[ResourceRef, ...] = Field(default=(), description="What the last listing still found")
    kept: tuple[ResourceRef, ...] = Field(default=(), description="Left on purpose: a kept floating IP")
