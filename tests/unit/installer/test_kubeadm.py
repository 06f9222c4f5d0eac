"""kubeadm's configuration and the node's files: exactly this YAML, because kubeadm takes it at its word."""

import base64

import yaml
from pydantic import SecretStr

from brb_installer.kubeadm.configuration import JoinCredentials, render_discovery, render_init, render_join
from brb_installer.kubeadm.facts import NodeFacts, parse_facts
from brb_installer.kubeadm.node_files import render_node_files
from brb_installer.settings import NodeProfile, Settings
from fakes.node_installation import desired, machine

SETTINGS = Settings(database_url=SecretStr("postgresql+asyncpg://nowhere"))
SANDBOX = SETTINGS.model_copy(
    update={
        "image_repository": "192.0.2.3:5000/kubernetes",
        "insecure_registries": ("192.0.2.3:5000",),
        "node_profile": NodeProfile.CONTAINER,
    }
)
SERVER = NodeFacts()
CONTAINER = NodeFacts(in_container=True, cgroup_version=1, has_sys_resource=False)

INIT = """
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{ttl: 15m0s}]
localAPIEndpoint: {advertiseAddress: 10.6.0.10, bindPort: 6443}
nodeRegistration:
  name: cp-0
  criSocket: unix:///run/containerd/containerd.sock
  imagePullPolicy: IfNotPresent
  imagePullSerial: false
  kubeletExtraArgs:
  - {name: cloud-provider, value: external}
  - {name: node-ip, value: 10.6.0.10}
  - {name: provider-id, value: 'openstack:///server-cp-0-1'}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: demo
kubernetesVersion: v1.36.3
imageRepository: registry.k8s.io
encryptionAlgorithm: ECDSA-P256
controlPlaneEndpoint: 10.6.0.10:6443
apiServer: {certSANs: [10.6.0.10, 203.0.113.10]}
controllerManager:
  extraArgs:
  - {name: leader-elect-retry-period, value: 1s}
  - {name: kube-api-qps, value: '100'}
  - {name: kube-api-burst, value: '200'}
scheduler:
  extraArgs:
  - {name: leader-elect-retry-period, value: 1s}
networking: {podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/12}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: systemd
failCgroupV1: false
resolvConf: /etc/brb/resolv.conf
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
"""

JOIN_CONTROL_PLANE = """
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  file: {kubeConfigPath: /etc/brb/discovery.yaml}
controlPlane: {localAPIEndpoint: {advertiseAddress: 10.6.0.11, bindPort: 6443}, certificateKey: key}
nodeRegistration:
  name: cp-1
  criSocket: unix:///run/containerd/containerd.sock
  imagePullPolicy: IfNotPresent
  imagePullSerial: false
  kubeletExtraArgs:
  - {name: cloud-provider, value: external}
  - {name: node-ip, value: 10.6.0.11}
  - {name: provider-id, value: 'openstack:///server-cp-1-1'}
"""


def parsed(text: str) -> list[object]:
    return list(yaml.safe_load_all(text))


def test_init_on_a_server_is_this_configuration() -> None:
    control_plane = machine("cp-0")
    rendered = render_init(desired([control_plane]), control_plane, SERVER, SETTINGS)
    assert parsed(rendered) == parsed(INIT)


def test_a_control_plane_joins_with_this_configuration() -> None:
    credentials = JoinCredentials("the.token", b"certificate", "key")
    rendered = render_join(desired([]), machine("cp-1"), SERVER, SETTINGS, credentials)
    assert parsed(rendered) == parsed(JOIN_CONTROL_PLANE)


def test_a_machine_knows_the_cluster_by_its_certificate_authority_and_proves_itself_by_the_token() -> None:
    [document] = yaml.safe_load_all(render_discovery(desired([]), JoinCredentials("the.token", b"certificate")))
    cluster = document["clusters"][0]["cluster"]
    assert cluster["server"] == "https://10.6.0.10:6443"
    assert base64.b64decode(cluster["certificate-authority-data"]) == b"certificate"
    assert document["users"][0]["user"] == {"token": "the.token"}
    assert document["current-context"] == document["contexts"][0]["name"]


def test_a_worker_joins_without_a_control_plane_part() -> None:
    credentials = JoinCredentials("the.token", b"certificate")
    [document] = yaml.safe_load_all(render_join(desired([]), machine("w-0"), SERVER, SETTINGS, credentials))
    assert "controlPlane" not in document
    assert "ignorePreflightErrors" not in document["nodeRegistration"]


def test_only_the_container_profile_gives_up_eviction_by_disk_and_ignores_one_check() -> None:
    control_plane = machine("cp-0")
    init, cluster, kubelet, proxy = yaml.safe_load_all(
        render_init(desired([control_plane]), control_plane, CONTAINER, SANDBOX)
    )
    assert init["nodeRegistration"]["ignorePreflightErrors"] == ["SystemVerification"]
    assert cluster["imageRepository"] == "192.0.2.3:5000/kubernetes"
    assert kubelet["cgroupDriver"] == "cgroupfs"
    assert kubelet["imageGCHighThresholdPercent"] == 100
    assert set(kubelet["evictionHard"].values()) == {"0%"}
    assert proxy["conntrack"] == {"maxPerCore": 0, "min": 0}


def test_an_ipv6_or_load_balancer_host_is_named_once_in_the_certificate() -> None:
    control_plane = machine("cp-0")
    state = desired([control_plane], api_external_host="198.51.100.9", api_internal_host="198.51.100.9")
    _, cluster, _, _ = yaml.safe_load_all(render_init(state, control_plane, SERVER, SETTINGS))
    assert cluster["apiServer"]["certSANs"] == ["198.51.100.9"]


def test_containerd_uses_the_mirror_over_http_and_leaves_oom_scores_where_it_must() -> None:
    files = render_node_files(SANDBOX, "1.35.4", CONTAINER)
    config = files["/etc/containerd/config.toml"]
    assert "sandbox = '192.0.2.3:5000/kubernetes/pause:3.10.1'" in config
    assert "restrict_oom_score_adj = true" in config
    assert "SystemdCgroup = false" in config
    assert 'server = "http://192.0.2.3:5000"' in files["/etc/containerd/certs.d/192.0.2.3:5000/hosts.toml"]


def test_containerd_on_a_server_uses_systemds_cgroups_and_no_insecure_registry() -> None:
    files = render_node_files(SETTINGS, "1.36.3", SERVER)
    config = files["/etc/containerd/config.toml"]
    assert "sandbox = 'registry.k8s.io/pause:3.10.2'" in config
    assert "restrict_oom_score_adj = false" in config
    assert "SystemdCgroup = true" in config
    assert not [path for path in files if "certs.d" in path]


def test_facts_of_a_virtual_machine_with_a_stub_resolver_are_read() -> None:
    said = """os=ubuntu
os_version=24.04
container=none
cgroup_version=2
sys_resource=yes
resolv_conf=/run/systemd/resolve/resolv.conf
"""
    facts = parse_facts(said)
    assert facts == NodeFacts("ubuntu", "24.04", False, 2, True, "/run/systemd/resolve/resolv.conf")
    assert facts.cgroup_driver == "systemd"


def test_systemd_is_the_cgroup_driver_on_cgroup_v1_outside_containers() -> None:
    assert NodeFacts(cgroup_version=1).cgroup_driver == "systemd"
