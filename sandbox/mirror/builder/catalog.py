"""What the mirror holds: every release with its exact version, the Go module it is built from, and its build flags.

A module's version stands in its `go.mod` too; `compile` refuses to build when the two differ.
"""

from dataclasses import dataclass, field
from typing import Final

# Where `kubeadm --image-repository` points, below the registry's address.
IMAGE_REPOSITORY: Final = "kubernetes"

WEBTEST_VERSION: Final = "1"
FLANNEL_VERSION: Final = "v0.28.4"
CLOUD_PROVIDER_VERSION: Final = "v1.36.0"


@dataclass(frozen=True)
class GoRelease:
    """One release built from a module under `modules/`: the binaries, by name, and the package of each."""

    name: str
    version: str
    module: str
    binaries: dict[str, str]
    requires: str = ""
    """The upstream module whose version is checked; empty for programs of our own."""
    variables: dict[str, str] = field(default_factory=dict)
    """What the linker sets (`-X`): how a release knows its version."""
    seccomp: bool = False
    """Needs C and libseccomp; linked statically."""


@dataclass(frozen=True)
class KubernetesRelease:
    """A Kubernetes version with what kubeadm of that version expects beside it."""

    build: GoRelease
    etcd: GoRelease
    coredns: GoRelease
    pause_tag: str
    etcd_tag: str

    @property
    def version(self) -> str:
        return self.build.version


def _kubernetes(version: str) -> GoRelease:
    minor = version.removeprefix("v").rpartition(".")[0]
    commands = "kubeadm kubelet kubectl kube-apiserver kube-controller-manager kube-scheduler kube-proxy"
    variables: dict[str, str] = {}
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        variables |= {
            f"{package}.gitVersion": version,
            f"{package}.gitMajor": minor.partition(".")[0],
            f"{package}.gitMinor": minor.partition(".")[2],
            f"{package}.gitTreeState": "clean",
        }
    return GoRelease(
        name="kubernetes",
        version=version,
        module=f"kubernetes-{minor}",
        binaries={command: f"k8s.io/kubernetes/cmd/{command}" for command in commands.split()},
        requires="k8s.io/kubernetes",
        variables=variables,
    )


def _etcd(version: str) -> GoRelease:
    upstream = "go.etcd.io/etcd"
    return GoRelease(
        name="etcd",
        version=version,
        module=f"etcd-{version.removeprefix('v')}",
        binaries={
            "etcd": f"{upstream}/server/v3",
            "etcdctl": f"{upstream}/etcdctl/v3",
            "etcdutl": f"{upstream}/etcdutl/v3",
        },
        requires=f"{upstream}/server/v3",
    )


def _coredns(version: str) -> GoRelease:
    return GoRelease(
        name="coredns",
        version=version,
        module=f"coredns-{version.removeprefix('v').rpartition('.')[0]}",
        binaries={"coredns": "."},
        requires="github.com/coredns/coredns",
    )


def _cni_plugins(version: str) -> GoRelease:
    upstream = "github.com/containernetworking/plugins"
    plugins = {
        "main": "bridge dummy host-device ipvlan loopback macvlan ptp vlan",
        "ipam": "dhcp host-local static",
        "meta": "bandwidth firewall portmap sbr tuning vrf",
    }
    return GoRelease(
        name="cni-plugins",
        version=version,
        module="cni-plugins",
        binaries={
            plugin: f"{upstream}/plugins/{kind}/{plugin}" for kind, names in plugins.items() for plugin in names.split()
        },
        requires=upstream,
        variables={f"{upstream}/pkg/utils/buildversion.BuildVersion": version},
    )


def _containerd(version: str) -> GoRelease:
    upstream = "github.com/containerd/containerd/v2"
    return GoRelease(
        name="containerd",
        version=version,
        module="containerd",
        binaries={name: f"{upstream}/cmd/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")},
        requires=upstream,
        variables={f"{upstream}/version.Version": version},
    )


CONTAINERD: Final = _containerd("v2.3.7")
RUNC: Final = GoRelease(
    name="runc",
    version="v1.4.3",
    module="runc",
    binaries={"runc": "github.com/opencontainers/runc"},
    requires="github.com/opencontainers/runc",
    seccomp=True,
)
CNI_PLUGINS: Final = _cni_plugins("v1.9.1")
CRICTL: Final = GoRelease(
    name="crictl",
    version="v1.36.0",
    module="crictl",
    binaries={"crictl": "sigs.k8s.io/cri-tools/cmd/crictl"},
    requires="sigs.k8s.io/cri-tools",
    variables={"sigs.k8s.io/cri-tools/pkg/version.Version": "v1.36.0"},
)
FLANNEL: Final = GoRelease(
    name="flannel",
    version=FLANNEL_VERSION,
    module="flannel",
    binaries={"flanneld": "."},
    requires="github.com/flannel-io/flannel",
    variables={"github.com/flannel-io/flannel/pkg/version.Version": FLANNEL_VERSION},
)
FLANNEL_CNI: Final = GoRelease(
    name="flannel-cni", version=FLANNEL_VERSION, module="flannel-cni", binaries={"flannel": "."}
)
CLOUD_CONTROLLER_MANAGER: Final = GoRelease(
    name="openstack-cloud-controller-manager",
    version=CLOUD_PROVIDER_VERSION,
    module="openstack-cloud-controller-manager",
    binaries={
        "openstack-cloud-controller-manager": ("k8s.io/cloud-provider-openstack/cmd/openstack-cloud-controller-manager")
    },
    requires="k8s.io/cloud-provider-openstack",
    variables={
        "k8s.io/component-base/version.gitVersion": CLOUD_PROVIDER_VERSION,
        "k8s.io/cloud-provider-openstack/pkg/version.Version": CLOUD_PROVIDER_VERSION,
    },
)
SMALL: Final = GoRelease(
    name="small", version="1", module="small", binaries={"pause": "./pause", "webtest": "./webtest"}
)
MIRROR_SERVER: Final = GoRelease(
    name="mirror-server",
    version="v3.1.2",
    module="mirror-server",
    binaries={"mirror-server": "."},
    requires="github.com/distribution/distribution/v3",
)

# Tags as `kubeadm config images list` of that version prints them. Source: kubeadm's constants.go.
KUBERNETES: Final = (
    KubernetesRelease(
        build=_kubernetes("v1.36.3"),
        etcd=_etcd("v3.6.8"),
        coredns=_coredns("v1.14.2"),
        pause_tag="3.10.2",
        etcd_tag="3.6.8-0",
    ),
    KubernetesRelease(
        build=_kubernetes("v1.35.4"),
        etcd=_etcd("v3.6.6"),
        coredns=_coredns("v1.13.1"),
        pause_tag="3.10.1",
        etcd_tag="3.6.6-0",
    ),
)
SHARED: Final = (
    MIRROR_SERVER, SMALL, RUNC, CONTAINERD, CNI_PLUGINS, CRICTL, FLANNEL, FLANNEL_CNI, CLOUD_CONTROLLER_MANAGER,
)  # fmt: skip
