"""The files that `prepare.sh` puts on a machine: containerd's configuration and the systemd units.

Source: containerd 2.x CRI plugin configuration (version 3); containerd "Registry Configuration" (hosts.toml); the
kubelet drop-in of kubeadm's Debian package.
"""

from brb_installer.addons.images import pause_image
from brb_installer.kubeadm.facts import NodeFacts
from brb_installer.settings import Settings


def render_node_files(settings: Settings, kubernetes_version: str, facts: NodeFacts) -> dict[str, str]:
    """Path to content."""
    registries = {
        f"/etc/containerd/certs.d/{registry}/hosts.toml": _hosts_toml(registry)
        for registry in settings.insecure_registries
    }
    return registries | {
        "/etc/containerd/config.toml": _containerd_config(pause_image(settings, kubernetes_version), facts),
        "/etc/systemd/system/containerd.service": _CONTAINERD_UNIT,
        "/etc/systemd/system/kubelet.service": _KUBELET_UNIT,
        "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf": _KUBELET_DROP_IN,
        "/etc/crictl.yaml": "runtime-endpoint: unix:///run/containerd/containerd.sock\n",
    }


_PULL_STALLED = "20s"
"""Of a pull that stands still; containerd's own default is five minutes."""


def _containerd_config(pause: str, facts: NodeFacts) -> str:
    return f"""version = 3
[plugins.'io.containerd.cri.v1.images']
  image_pull_progress_timeout = '{_PULL_STALLED}'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '{pause}'
[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = '/etc/containerd/certs.d'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = {_toml(not facts.has_sys_resource)}
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  SystemdCgroup = {_toml(facts.cgroup_driver == "systemd")}
"""


def _hosts_toml(registry: str) -> str:
    return f"""server = "http://{registry}"
[host."http://{registry}"]
  capabilities = ["pull", "resolve"]
"""


def _toml(value: bool) -> str:
    return "true" if value else "false"


_CONTAINERD_UNIT = """[Unit]
Description=containerd container runtime
After=network.target local-fs.target
[Service]
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=2
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
[Install]
WantedBy=multi-user.target
"""

_KUBELET_UNIT = """[Unit]
Description=kubelet, the Kubernetes node agent
Wants=network-online.target containerd.service
After=network-online.target containerd.service
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/local/bin/kubelet
Restart=always
RestartSec=2
[Install]
WantedBy=multi-user.target
"""

_KUBELET_DROP_IN = """[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \
--kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS \
$KUBELET_EXTRA_ARGS
"""
