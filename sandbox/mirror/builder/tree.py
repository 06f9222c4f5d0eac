"""The mirror's one folder: `files/` as served over HTTP, `images/` as the registry stores them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder import cache, catalog, progress
from builder.catalog import GoRelease, KubernetesRelease
from builder.compile import ensure_binaries
from builder.files import Download, Downloads
from builder.images import Image, kubernetes_images, shared_images
from builder.manifests import FLANNEL_TEMPLATE, controller_manager_manifests, flannel_manifest
from builder.registry import writable_registry
from builder.toolchain import Go

# The images' manifests and the compiled binaries stand for all else.
LAYOUT_SOURCES = tuple(Path(__file__).with_name(name) for name in ("files.py", "manifests.py", "tree.py"))


@dataclass(frozen=True)
class Mirror:
    tree: Path
    server: Path
    """The folder with the program `mirror-server`."""


@dataclass(frozen=True)
class _Build:
    """Compiles on first use; afterwards the cache answers."""

    go: Go

    def __call__(self, release: GoRelease) -> Path:
        return ensure_binaries(release, self.go)


def ensure_mirror(releases: Sequence[KubernetesRelease], go: Go) -> Mirror:
    """Everything that is needed for these Kubernetes releases, built where the cache does not have it."""
    build = _Build(go)
    compiled = [build(release) for release in catalog.SHARED]
    for release in releases:
        compiled += [build(release.coredns), build(release.etcd), build(release.build)]
    images = list(_images(releases, build))
    words = [str(folder.name) for folder in compiled] + [f"{image.name}:{image.tag}" for image in images]
    words += [image.manifest().decode() for image in images]
    inputs = cache.hash_of(words, [FLANNEL_TEMPLATE, *LAYOUT_SOURCES])
    # an earlier tree may be served just now: `up` removes it once the new one is
    tree = cache.ensure("mirror", inputs, lambda target: _fill(target, releases, images, build), keep_earlier=True)
    return Mirror(tree, build(catalog.MIRROR_SERVER))


def _images(releases: Sequence[KubernetesRelease], build: _Build) -> Iterator[Image]:
    small = build(catalog.SMALL)
    for release in releases:
        yield from kubernetes_images(release, build(release.build), build(release.etcd), build(release.coredns), small)
    manager = build(catalog.CLOUD_CONTROLLER_MANAGER)
    yield from shared_images(build(catalog.FLANNEL), build(catalog.FLANNEL_CNI), manager, small)


def _fill(target: Path, releases: Sequence[KubernetesRelease], images: Sequence[Image], build: _Build) -> None:
    (target / "files").mkdir()
    (target / "images").mkdir()
    downloads = _add_files(Downloads(target / "files"), releases, build)
    progress.say(f"{len(downloads)} files laid out")
    with writable_registry(build(catalog.MIRROR_SERVER) / "mirror-server", target / "images") as registry:
        pushed = {f"{catalog.IMAGE_REPOSITORY}/{image.name}:{image.tag}": registry.push(image) for image in images}
    progress.say(f"{len(pushed)} images in the registry")
    index = render_index(releases, downloads, pushed)
    (target / "files" / "index.json").write_text(json.dumps(index, indent=2) + "\n")


def _add_files(files: Downloads, releases: Sequence[KubernetesRelease], build: _Build) -> list[Download]:
    added = [download for release in releases for download in files.add_kubernetes(release, build(release.build))]
    added.append(files.add_containerd(build(catalog.CONTAINERD)))
    added.append(files.add_runc(build(catalog.RUNC)))
    added.append(files.add_cni_plugins(build(catalog.CNI_PLUGINS)))
    added.append(files.add_crictl(build(catalog.CRICTL)))
    added.append(files.add_text(*flannel_manifest()))
    added += [files.add_text(path, text) for path, text in controller_manager_manifests(build.go)]
    return added


def render_index(
    releases: Sequence[KubernetesRelease], downloads: Sequence[Download], images: dict[str, str]
) -> dict[str, Any]:
    """`index.json`: which versions belong together, and the sum of every file and image."""
    return {
        "imageRepository": catalog.IMAGE_REPOSITORY,
        "kubernetes": {release.version: _versions(release) for release in releases},
        "files": {each.path: {"sha256": each.sha256, "sizeBytes": each.size_bytes} for each in downloads},
        "images": images,
    }


def _versions(release: KubernetesRelease) -> dict[str, str]:
    return {
        "etcd": release.etcd.version,
        "coredns": release.coredns.version,
        "pause": release.pause_tag,
        "containerd": catalog.CONTAINERD.version,
        "runc": catalog.RUNC.version,
        "cniPlugins": catalog.CNI_PLUGINS.version,
        "crictl": catalog.CRICTL.version,
        "flannel": catalog.FLANNEL_VERSION,
        "cloudProviderOpenStack": catalog.CLOUD_PROVIDER_VERSION,
        "webtest": catalog.WEBTEST_VERSION,
    }
