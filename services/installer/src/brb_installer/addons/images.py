"""Which images the addons and the nodes run. Pure."""

from collections.abc import Iterable
from typing import Any

from brb_installer.settings import UPSTREAM_IMAGES, Settings
from brb_shared.contracts.desired import MachineRole

Document = dict[str, Any]

# Source: kubeadm's constants; the pause image that each minor asks for.
_PAUSE_BY_MINOR = {"1.34": "3.10.1", "1.35": "3.10.1"}
_NEWEST_PAUSE = "3.10.2"


def pause_image(settings: Settings, kubernetes_version: str) -> str:
    minor = kubernetes_version.rpartition(".")[0]
    return f"{settings.image_repository}/pause:{_PAUSE_BY_MINOR.get(minor, _NEWEST_PAUSE)}"


def with_our_repository(image: str, settings: Settings) -> str:
    """The same name and tag, from the mirror if there is one."""
    mirror = settings.image_repository if settings.image_repository != UPSTREAM_IMAGES else None
    repository = settings.addon_image_repository or mirror
    return f"{repository}/{image.rpartition('/')[2]}" if repository is not None else image


def containers_of(document: Document) -> list[Document]:
    """Of a DaemonSet; init containers first."""
    if document["kind"] != "DaemonSet":
        return []
    pod = document["spec"]["template"]["spec"]
    return [*pod.get("initContainers", ()), *pod["containers"]]


def plan_early_images(
    settings: Settings, kubernetes_version: str, role: MachineRole, addons: Iterable[Document]
) -> tuple[str, ...]:
    """What a machine will run beside kubeadm's own images, pulled before it is asked for."""
    images = [container["image"] for document in addons for container in containers_of(document)]
    if role is MachineRole.WORKER:
        proxy = f"{settings.image_repository}/kube-proxy:v{kubernetes_version}"
        images = [pause_image(settings, kubernetes_version), proxy, *images]
    return tuple(dict.fromkeys(images))
