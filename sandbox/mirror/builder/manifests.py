"""What is applied to clusters: our flannel manifest, and upstream's of the OpenStack cloud controller manager.

Placeholders: `__IMAGE_REPOSITORY__` (both), `__POD_CIDR__` (flannel).
"""

import re
from collections.abc import Iterator
from pathlib import Path

from builder.catalog import CLOUD_CONTROLLER_MANAGER, FLANNEL_VERSION
from builder.compile import module_folder
from builder.errors import BuildError
from builder.toolchain import Go

FLANNEL_TEMPLATE = Path(__file__).resolve().parent.parent / "manifests" / "kube-flannel.yml"
CONTROLLER_MANAGER_FILES = (
    "cloud-controller-manager-roles.yaml",
    "cloud-controller-manager-role-bindings.yaml",
    "openstack-cloud-controller-manager-ds.yaml",
)
_UPSTREAM_IMAGE = re.compile(r"image: \S+/(openstack-cloud-controller-manager:\S+)")


def flannel_manifest() -> tuple[str, str]:
    """Path below the base URL, and text."""
    return f"flannel/{FLANNEL_VERSION}/kube-flannel.yml", FLANNEL_TEMPLATE.read_text()


def controller_manager_manifests(go: Go) -> Iterator[tuple[str, str]]:
    """Paths below the base URL, and texts: as they lie in the Go module, but for the image's repository."""
    source = module_folder(CLOUD_CONTROLLER_MANAGER, go) / "manifests" / "controller-manager"
    version = CLOUD_CONTROLLER_MANAGER.version
    for name in CONTROLLER_MANAGER_FILES:
        text = _UPSTREAM_IMAGE.sub(r"image: __IMAGE_REPOSITORY__/\1", (source / name).read_text())
        yield f"cloud-provider-openstack/{version}/manifests/{name}", text if text.endswith("\n") else text + "\n"
        if (
            name.endswith("-ds.yaml")
            and f"__IMAGE_REPOSITORY__/openstack-cloud-controller-manager:{version}" not in text
        ):
            raise BuildError(f"{name} of cloud-provider-openstack {version} names another image than expected")
