"""Container images: which programs are in each, and the OCI configuration and manifest of one."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.catalog import CLOUD_PROVIDER_VERSION, FLANNEL_VERSION, WEBTEST_VERSION, KubernetesRelease
from builder.layers import MEDIA_TYPE, Layer, ensure_layer, ensure_netfilter_layer

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIGURATION_TYPE = "application/vnd.oci.image.config.v1+json"
SEARCH_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    name: str
    tag: str
    layers: tuple[Layer, ...]
    settings: dict[str, Any]
    """`config` of the OCI image configuration: environment, entry point, user."""

    def configuration(self) -> bytes:
        return _json(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": self.settings,
                "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
            }
        )

    def manifest(self) -> bytes:
        configuration = self.configuration()
        return _json(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "config": _descriptor(CONFIGURATION_TYPE, digest_of(configuration), len(configuration)),
                "layers": [_descriptor(MEDIA_TYPE, layer.digest, layer.size) for layer in self.layers],
            }
        )


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def kubernetes_images(
    release: KubernetesRelease, kubernetes: Path, etcd: Path, coredns: Path, small: Path
) -> Iterator[Image]:
    """What `kubeadm config images list` of this release names, with exactly its tags."""
    version = release.version
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        yield _image(name, version, {f"/usr/local/bin/{name}": kubernetes / name})
    proxy = {"/usr/local/bin/kube-proxy": kubernetes / "kube-proxy"}
    yield _image("kube-proxy", version, proxy, base=(ensure_netfilter_layer(),))
    programs = {f"/usr/local/bin/{name}": etcd / name for name in ("etcd", "etcdctl", "etcdutl")}
    yield _image("etcd", release.etcd_tag, programs)
    # kubeadm's Deployment gives arguments only, and lets it bind port 53 by a capability: no user is set
    yield _image("coredns", release.coredns.version, {"/coredns": coredns / "coredns"}, entrypoint="/coredns")
    yield _image("pause", release.pause_tag, {"/pause": small / "pause"}, entrypoint="/pause", user="65535:65535")


def shared_images(flannel: Path, flannel_cni: Path, controller_manager: Path, small: Path) -> Iterator[Image]:
    """What clusters of every version use."""
    daemon = "/usr/local/bin/flanneld"
    programs = {daemon: flannel / "flanneld", "/opt/cni/flannel": flannel_cni / "flannel"}
    yield _image("flannel", FLANNEL_VERSION, programs, base=(ensure_netfilter_layer(),), entrypoint=daemon)
    manager = "openstack-cloud-controller-manager"
    yield _image(manager, CLOUD_PROVIDER_VERSION, {f"/bin/{manager}": controller_manager / manager})
    webtest = "/usr/local/bin/webtest"
    yield _image("webtest", WEBTEST_VERSION, {webtest: small / "webtest"}, entrypoint=webtest)


def _image(
    name: str,
    tag: str,
    programs: dict[str, Path],
    *,
    base: tuple[Layer, ...] = (),
    entrypoint: str = "",
    user: str = "",
) -> Image:
    settings: dict[str, Any] = {"Env": [SEARCH_PATH]}
    if entrypoint:
        settings["Entrypoint"] = [entrypoint]
    if user:
        settings["User"] = user
    return Image(name, tag, (*base, ensure_layer(f"{name}-{tag}", programs)), settings)


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
