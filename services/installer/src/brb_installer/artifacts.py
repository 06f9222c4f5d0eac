"""What a machine downloads, from where, and where it goes. Pure.

A mirror is laid out as the upstream projects lay out their releases, so only the base differs:

    {base}/v1.36.3/bin/linux/amd64/kubeadm                                    + .sha256
    {base}/containerd/v2.3.7/containerd-2.3.7-linux-amd64.tar.gz              + .sha256sum
    {base}/runc/v1.4.3/runc.amd64                                             + runc.sha256sum in the same folder
    {base}/cni-plugins/v1.9.1/cni-plugins-linux-amd64-v1.9.1.tgz              + .sha256
    {base}/crictl/v1.36.0/crictl-v1.36.0-linux-amd64.tar.gz                   + .sha256
    {base}/flannel/v0.28.4/kube-flannel.yml
    {base}/cloud-provider-openstack/v1.36.0/manifests/*.yaml

A mirror may send a program compressed (`Content-Encoding`); the checksum is the program's own.
`$ARCH` in a URL is replaced on the machine.
"""

from dataclasses import dataclass
from enum import StrEnum

from brb_installer.settings import Settings
from brb_shared.contracts.desired import MachineRole

_GITHUB = "https://github.com"
_RAW = "https://raw.githubusercontent.com"


class Packing(StrEnum):
    BINARY = "binary"
    TAR = "tar"


@dataclass(frozen=True)
class Artifact:
    """`destination`: the file for a binary, the folder for an archive."""

    name: str
    packing: Packing
    destination: str
    url: str
    checksum_url: str
    may_be_compressed: bool = False

    @property
    def line(self) -> str:
        """As `prepare.sh` reads it."""
        compressed = "yes" if self.may_be_compressed else "no"
        return "|".join((self.name, self.packing, self.destination, self.url, self.checksum_url, compressed))


@dataclass(frozen=True)
class Sources:
    """Where each project's releases are found."""

    kubernetes: str
    containerd: str
    runc: str
    cni_plugins: str
    crictl: str
    flannel: str
    cloud_controller: str
    """Of its manifests; `{version}` is replaced."""
    is_mirror: bool = False


def plan_sources(artifacts_url: str | None) -> Sources:
    if artifacts_url is None:
        return _UPSTREAM
    base = artifacts_url.rstrip("/")
    return Sources(
        kubernetes=base,
        containerd=f"{base}/containerd",
        runc=f"{base}/runc",
        cni_plugins=f"{base}/cni-plugins",
        crictl=f"{base}/crictl",
        flannel=f"{base}/flannel",
        cloud_controller=f"{base}/cloud-provider-openstack/v{{version}}/manifests",
        is_mirror=True,
    )


_UPSTREAM = Sources(
    kubernetes="https://dl.k8s.io",
    containerd=f"{_GITHUB}/containerd/containerd/releases/download",
    runc=f"{_GITHUB}/opencontainers/runc/releases/download",
    cni_plugins=f"{_GITHUB}/containernetworking/plugins/releases/download",
    crictl=f"{_GITHUB}/kubernetes-sigs/cri-tools/releases/download",
    flannel=f"{_GITHUB}/flannel-io/flannel/releases/download",
    cloud_controller=f"{_RAW}/kubernetes/cloud-provider-openstack/v{{version}}/manifests/controller-manager",
)


def plan_artifacts(settings: Settings, kubernetes_version: str, role: MachineRole) -> tuple[Artifact, ...]:
    """What a machine of this role needs; kubectl only where people and our scripts use it."""
    sources = plan_sources(settings.artifacts_url)
    programs = ["kubelet", "kubeadm"] + (["kubectl"] if role is MachineRole.CONTROL_PLANE else [])
    return (
        *(_kubernetes_program(sources, kubernetes_version, program) for program in programs),
        _containerd(sources, settings.containerd_version),
        _runc(sources, settings.runc_version),
        _cni_plugins(sources, settings.cni_plugins_version),
        _crictl(sources, settings.crictl_version),
    )


def flannel_manifest_url(settings: Settings) -> str:
    return f"{plan_sources(settings.artifacts_url).flannel}/v{settings.flannel_version}/kube-flannel.yml"


def cloud_controller_manifest_urls(settings: Settings) -> tuple[str, ...]:
    sources = plan_sources(settings.artifacts_url)
    folder = sources.cloud_controller.format(version=settings.cloud_controller_version)
    return (
        f"{folder}/cloud-controller-manager-roles.yaml",
        f"{folder}/cloud-controller-manager-role-bindings.yaml",
        f"{folder}/openstack-cloud-controller-manager-ds.yaml",
    )


def _kubernetes_program(sources: Sources, version: str, program: str) -> Artifact:
    url = f"{sources.kubernetes}/v{version}/bin/linux/$ARCH/{program}"
    return Artifact(program, Packing.BINARY, f"/usr/local/bin/{program}", url, f"{url}.sha256", sources.is_mirror)


def _containerd(sources: Sources, version: str) -> Artifact:
    url = f"{sources.containerd}/v{version}/containerd-{version}-linux-$ARCH.tar.gz"
    return Artifact("containerd", Packing.TAR, "/usr/local", url, f"{url}.sha256sum")


def _runc(sources: Sources, version: str) -> Artifact:
    folder = f"{sources.runc}/v{version}"
    url, sums = f"{folder}/runc.$ARCH", f"{folder}/runc.sha256sum"
    return Artifact("runc", Packing.BINARY, "/usr/local/bin/runc", url, sums, sources.is_mirror)


def _cni_plugins(sources: Sources, version: str) -> Artifact:
    url = f"{sources.cni_plugins}/v{version}/cni-plugins-linux-$ARCH-v{version}.tgz"
    return Artifact("cni-plugins", Packing.TAR, "/opt/cni/bin", url, f"{url}.sha256")


def _crictl(sources: Sources, version: str) -> Artifact:
    url = f"{sources.crictl}/v{version}/crictl-v{version}-linux-$ARCH.tar.gz"
    return Artifact("crictl", Packing.TAR, "/usr/local/bin", url, f"{url}.sha256")
