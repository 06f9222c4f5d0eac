"""Where downloads come from: only the base differs between upstream and a mirror."""

from pydantic import SecretStr

from brb_installer.artifacts import cloud_controller_manifest_urls, flannel_manifest_url, plan_artifacts
from brb_installer.settings import Settings
from brb_shared.contracts.desired import MachineRole

UPSTREAM = Settings(database_url=SecretStr("postgresql+asyncpg://nowhere"))
MIRROR = UPSTREAM.model_copy(update={"artifacts_url": "http://mirror.example/"})


def urls(settings: Settings, role: MachineRole = MachineRole.WORKER) -> dict[str, tuple[str, str]]:
    artifacts = plan_artifacts(settings, "1.36.3", role)
    return {artifact.name: (artifact.url, artifact.checksum_url) for artifact in artifacts}


def test_upstreams_releases_are_the_default() -> None:
    found = urls(UPSTREAM)
    kubelet = "https://dl.k8s.io/v1.36.3/bin/linux/$ARCH/kubelet"
    assert found["kubelet"] == (kubelet, f"{kubelet}.sha256")
    runc = "https://github.com/opencontainers/runc/releases/download/v1.4.3"
    assert found["runc"] == (f"{runc}/runc.$ARCH", f"{runc}/runc.sha256sum")
    assert flannel_manifest_url(UPSTREAM).endswith("/flannel-io/flannel/releases/download/v0.28.4/kube-flannel.yml")
    assert cloud_controller_manifest_urls(UPSTREAM)[2].endswith(
        "/v1.36.0/manifests/controller-manager/openstack-cloud-controller-manager-ds.yaml"
    )


def test_a_mirror_is_laid_out_like_upstream() -> None:
    found = urls(MIRROR)
    base = "http://mirror.example"
    assert found["kubeadm"][0] == f"{base}/v1.36.3/bin/linux/$ARCH/kubeadm"
    assert found["containerd"] == (
        f"{base}/containerd/v2.3.7/containerd-2.3.7-linux-$ARCH.tar.gz",
        f"{base}/containerd/v2.3.7/containerd-2.3.7-linux-$ARCH.tar.gz.sha256sum",
    )
    assert found["cni-plugins"][0] == f"{base}/cni-plugins/v1.9.1/cni-plugins-linux-$ARCH-v1.9.1.tgz"
    assert found["crictl"][1] == f"{base}/crictl/v1.36.0/crictl-v1.36.0-linux-$ARCH.tar.gz.sha256"
    assert flannel_manifest_url(MIRROR) == f"{base}/flannel/v0.28.4/kube-flannel.yml"
    assert cloud_controller_manifest_urls(MIRROR)[0] == (
        f"{base}/cloud-provider-openstack/v1.36.0/manifests/cloud-controller-manager-roles.yaml"
    )


def test_kubectl_is_only_on_control_planes() -> None:
    assert "kubectl" not in urls(MIRROR)
    assert "kubectl" in urls(MIRROR, MachineRole.CONTROL_PLANE)


def test_a_line_for_the_machine_names_everything() -> None:
    artifact = plan_artifacts(MIRROR, "1.36.3", MachineRole.WORKER)[0]
    url = "http://mirror.example/v1.36.3/bin/linux/$ARCH/kubelet"
    assert artifact.line == f"kubelet|binary|/usr/local/bin/kubelet|{url}|{url}.sha256|yes"
