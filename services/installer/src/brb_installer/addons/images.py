"""Which images the addons and the nodes run. Pure."""

from brb_installer.settings import UPSTREAM_IMAGES, Settings
from brb_shared.contracts.desired import MachineRole


def flannel_image(settings: Settings) -> str:
    return _image(settings, "ghcr.io/flannel-io", "flannel", settings.flannel_version)


def flannel_cni_plugin_image(settings: Settings) -> str:
    return _image(settings, "ghcr.io/flannel-io", "flannel-cni-plugin", settings.flannel_cni_plugin_version)


def cloud_controller_image(settings: Settings) -> str:
    upstream = "registry.k8s.io/provider-os"
    return _image(settings, upstream, "openstack-cloud-controller-manager", settings.cloud_controller_version)


def plan_early_images(settings: Settings, kubernetes_version: str, role: MachineRole) -> tuple[str, ...]:
    """What a machine will run beside kubeadm's own images, pulled before it is asked for."""
    network = (flannel_image(settings), flannel_cni_plugin_image(settings))
    if role is MachineRole.CONTROL_PLANE:
        return (*network, cloud_controller_image(settings))
    repository = settings.image_repository
    pause, proxy = f"pause:{settings.pause_version}", f"kube-proxy:v{kubernetes_version}"
    return (f"{repository}/{pause}", f"{repository}/{proxy}", *network)


def _image(settings: Settings, upstream: str, name: str, version: str) -> str:
    mirror = settings.image_repository if settings.image_repository != UPSTREAM_IMAGES else None
    return f"{settings.addon_image_repository or mirror or upstream}/{name}:v{version}"
