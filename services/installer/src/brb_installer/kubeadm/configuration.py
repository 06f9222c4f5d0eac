"""kubeadm v1beta4 configuration.

Source: kubeadm configuration reference v1beta4; KubeletConfiguration v1beta1; KubeProxyConfiguration v1alpha1.
"""

import base64
from dataclasses import dataclass
from typing import Any

import yaml

from brb_installer.kubeadm.facts import NodeFacts
from brb_installer.kubeconfig import server_url
from brb_installer.settings import NodeProfile, Settings
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesMachine

API_PORT = 6443
RESOLV_CONF = "/etc/brb/resolv.conf"
JOIN_FILE = "/etc/brb/join.yaml"
DISCOVERY_FILE = "/etc/brb/discovery.yaml"
_KUBEADM = "kubeadm.k8s.io/v1beta4"
Document = dict[str, Any]

# Both ask to lead before the API server lets them, are refused, and ask again after one to two of these (default 2s).
_LEADER_RETRY = {"leader-elect-retry-period": "1s"}
# Fifty controllers ask for a token each: at the default 20 requests a second no node is let in, and no pod made, for
# five seconds.
_CONTROLLERS_START = {"kube-api-qps": "100", "kube-api-burst": "200"}


@dataclass(frozen=True)
class JoinCredentials:
    """`ca_certificate`: the cluster's, PEM. `certificate_key` only for a control plane."""

    token: str
    ca_certificate: bytes
    certificate_key: str | None = None


def render_init(desired: KubernetesDesired, machine: KubernetesMachine, facts: NodeFacts, settings: Settings) -> str:
    return _dump(
        _init_configuration(machine, facts, settings),
        _cluster_configuration(desired, settings),
        _kubelet_configuration(facts, settings),
        _kube_proxy_configuration(facts, settings),
    )


def render_join(
    desired: KubernetesDesired,
    machine: KubernetesMachine,
    facts: NodeFacts,
    settings: Settings,
    credentials: JoinCredentials,
) -> str:
    document: Document = {
        "apiVersion": _KUBEADM,
        "kind": "JoinConfiguration",
        "discovery": {"file": {"kubeConfigPath": DISCOVERY_FILE}},
        "nodeRegistration": _node_registration(machine, facts, settings),
    }
    if credentials.certificate_key is not None:
        document["controlPlane"] = {
            "localAPIEndpoint": _local_endpoint(machine),
            "certificateKey": credentials.certificate_key,
        }
    return _dump(document)


def render_discovery(desired: KubernetesDesired, credentials: JoinCredentials) -> str:
    """The kubeconfig with which a machine first meets the cluster. It knows the cluster by its certificate authority.

    With a token alone kubeadm would wait until the controller manager has signed the cluster's description for it, and
    look for that every five seconds only.
    """
    authority = base64.b64encode(credentials.ca_certificate).decode()
    server = server_url(desired.api_internal_host, desired.api_port)
    return _dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "join", "cluster": {"server": server, "certificate-authority-data": authority}}],
            "users": [{"name": "join", "user": {"token": credentials.token}}],
            "contexts": [{"name": "join", "context": {"cluster": "join", "user": "join"}}],
            "current-context": "join",
        }
    )


def _init_configuration(machine: KubernetesMachine, facts: NodeFacts, settings: Settings) -> Document:
    # Each join gets its own token; without a lifetime here kubeadm would leave one that is good for a day.
    return {
        "apiVersion": _KUBEADM,
        "kind": "InitConfiguration",
        "bootstrapTokens": [{"ttl": "15m0s"}],
        "localAPIEndpoint": _local_endpoint(machine),
        "nodeRegistration": _node_registration(machine, facts, settings),
    }


def _cluster_configuration(desired: KubernetesDesired, settings: Settings) -> Document:
    hosts = dict.fromkeys((desired.api_internal_host, desired.api_external_host))
    return {
        "apiVersion": _KUBEADM,
        "kind": "ClusterConfiguration",
        "clusterName": desired.cluster_name,
        "kubernetesVersion": f"v{desired.kubernetes_version}",
        "imageRepository": settings.image_repository,
        # A dozen RSA keys take a small machine a second and more, and each handshake with them a millisecond.
        "encryptionAlgorithm": "ECDSA-P256",
        "controlPlaneEndpoint": f"{desired.api_internal_host}:{desired.api_port}",
        "apiServer": {"certSANs": list(hosts)},
        "controllerManager": _arguments(_LEADER_RETRY | _CONTROLLERS_START),
        "scheduler": _arguments(_LEADER_RETRY),
        "networking": {"podSubnet": desired.pod_cidr, "serviceSubnet": desired.service_cidr},
    }


def _kubelet_configuration(facts: NodeFacts, settings: Settings) -> Document:
    document: Document = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": facts.cgroup_driver,
        # cgroup v1 is still what some supported images and the sandbox have; Kubernetes 1.35 refuses it by default.
        "failCgroupV1": False,
        "resolvConf": RESOLV_CONF,
    }
    if settings.node_profile is NodeProfile.CONTAINER:
        # The disk and the swap are the host's: how full they are says nothing about this node.
        document |= {
            "failSwapOn": False,
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {"nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%"},
        }
    return document


def _kube_proxy_configuration(facts: NodeFacts, settings: Settings) -> Document:
    document: Document = {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
    }
    if _in_container(facts, settings):
        # nf_conntrack_max belongs to the host's kernel; 0 leaves it as it is.
        document["conntrack"] = {"maxPerCore": 0, "min": 0}
    return document


def _node_registration(machine: KubernetesMachine, facts: NodeFacts, settings: Settings) -> Document:
    document: Document = {
        "name": machine.name,
        "criSocket": "unix:///run/containerd/containerd.sock",
        "imagePullPolicy": "IfNotPresent",
        "imagePullSerial": False,
        "kubeletExtraArgs": [
            {"name": "cloud-provider", "value": "external"},
            {"name": "node-ip", "value": machine.private_address},
            # Known from the first moment, so that a replaced server is never taken for the old one.
            {"name": "provider-id", "value": f"openstack:///{machine.server_id}"},
        ],
    }
    if _in_container(facts, settings):
        # It looks for kernel modules and configuration that a container cannot see. Nothing else is ignored.
        document["ignorePreflightErrors"] = ["SystemVerification"]
    return document


def _in_container(facts: NodeFacts, settings: Settings) -> bool:
    return facts.in_container or settings.node_profile is NodeProfile.CONTAINER


def _arguments(arguments: dict[str, str]) -> Document:
    return {"extraArgs": [{"name": name, "value": value} for name, value in arguments.items()]}


def _local_endpoint(machine: KubernetesMachine) -> Document:
    return {"advertiseAddress": machine.private_address, "bindPort": API_PORT}


def _dump(*documents: Document) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False)
