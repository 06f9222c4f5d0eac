"""Kind `kubernetes`: Kubernetes on the machines. Written by the hub, done by the installer."""

from pydantic import Field

from brb_shared.contracts.base import Contract
from brb_shared.contracts.desired import Desired, MachineRole, Observed


class Taint(Contract):
    key: str
    value: str = ""
    effect: str = Field(description="NoSchedule, PreferNoSchedule or NoExecute")


class KubernetesMachine(Contract):
    name: str
    role: MachineRole
    server_id: str = Field(description="A new server id under an old name is a new machine: it is joined again")
    private_address: str
    floating_address: str | None = Field(default=None, description="None: reached through a control plane as jump host")
    host_public_key: str
    building: bool = Field(default=False, description="Its server is not ACTIVE yet: SSH may answer, and need not")
    labels: dict[str, str] = Field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    leaving: bool = Field(default=False, description="Drain it, take it out of etcd and the API, name it in `left`")


class KubernetesDesired(Desired):
    """A node that is no longer listed here is deleted from the API."""

    kubernetes_version: str = Field(description="Without the v, such as 1.36.3")
    pod_cidr: str
    service_cidr: str
    api_external_host: str
    api_internal_host: str
    api_port: int = 6443
    network_id: str
    subnet_id: str
    floating_network_id: str
    machines: tuple[KubernetesMachine, ...] = ()


class ObservedNode(Contract):
    name: str
    role: MachineRole
    server_id: str | None = Field(default=None, description="From the node's provider id")
    version: str = Field(default="", description="The kubelet's, without the v")
    ready: bool = False
    message: str = ""


class KubernetesObserved(Observed):
    """`initialized`: `kubeadm init` is done and the API has answered once."""

    kubernetes_version: str | None = Field(default=None, description="The API server's, without the v")
    nodes: tuple[ObservedNode, ...] = ()
    left: tuple[str, ...] = Field(default=(), description="Leaving machines that may be removed now")
