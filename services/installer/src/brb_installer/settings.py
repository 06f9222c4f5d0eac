"""Every setting of the installer; read once in `app.py` and passed down."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from brb_shared.settings import ServiceSettings

UPSTREAM_IMAGES = "registry.k8s.io"


class NodeProfile(StrEnum):
    """What kind of machines the clusters run on."""

    MACHINE = "machine"
    CONTAINER = "container"


class Settings(ServiceSettings):
    """An empty variable counts as none, so that a compose file may pass on what is not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    ssh_ca_key_file: Path | None = Field(
        default=None, description="The platform's SSH user CA, private half; signs a certificate for each connection"
    )
    ssh_user: str = Field(default="brb", description="The user that the provisioner's user-data makes, with sudo")
    ssh_port: int = Field(default=22, description="TCP port of the machines' sshd")
    ssh_connect_timeout_seconds: float = Field(
        default=10.0, description="Seconds for one SSH connection, handshake included; a busy new machine needs some"
    )
    machine_startup_timeout_seconds: int = Field(
        default=300, description="Seconds a new machine may take until SSH answers, before it counts as unreachable"
    )
    artifacts_url: str | None = Field(
        default=None, description="Base URL of an artifact mirror (see artifacts.py); none: the upstream projects'"
    )
    image_repository: str = Field(
        default=UPSTREAM_IMAGES, description="Where the nodes pull Kubernetes' images, as kubeadm's imageRepository"
    )
    addon_image_repository: str | None = Field(
        default=None,
        description="One repository for the images of flannel and the cloud controller; none: `image_repository` if "
        "that is a mirror, else upstream's",
    )
    insecure_registries: tuple[str, ...] = Field(
        default=(), description="JSON list of host:port that the nodes may pull from over plain HTTP"
    )
    containerd_version: str = Field(default="2.3.7", description="Without the v")
    runc_version: str = Field(default="1.4.3", description="Without the v")
    cni_plugins_version: str = Field(default="1.9.1", description="Without the v")
    crictl_version: str = Field(default="1.36.0", description="Without the v")
    flannel_version: str = Field(default="0.28.4", description="Without the v")
    cloud_controller_version: str = Field(
        default="1.36.0", description="Of openstack-cloud-controller-manager, without the v"
    )
    node_profile: NodeProfile = Field(
        default=NodeProfile.MACHINE,
        description="`container`: the machines are system containers on a shared kernel and disk (the sandbox): no "
        "eviction by disk, no host-wide conntrack settings, kubeadm ignores SystemVerification",
    )
    drain_timeout_seconds: int = Field(
        default=300, description="Seconds for evictions that honour disruption budgets, before `drain_force` counts"
    )
    drain_force: bool = Field(
        default=True, description="After the timeout delete the remaining pods; false: wait for ever"
    )
    step_timeout_seconds: int = Field(default=900, description="Seconds after which a step on a machine is stopped")
    attach_seconds: float = Field(
        default=2.0, description="Seconds one look at a running step lasts; its last line reaches the timeline then"
    )
    poll_seconds: float = Field(default=0.7, description="Seconds between looks at the nodes while they become Ready")
    recheck_seconds: int = Field(default=30, description="Seconds between looks at a cluster that is as desired")
    concurrency: int = Field(default=64, description="Passes at once; most of them wait for a machine")
