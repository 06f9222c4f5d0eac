"""The script's part on the machines: asyncssh, the shell scripts in `node/`, kubeadm's configuration."""

import asyncio
import json
import shlex
from pathlib import Path
from typing import Any

import asyncssh
import yaml

from bench.cloud import Machine

USER = "ops"
MIRROR = "http://172.31.77.3"
REGISTRY = "172.31.77.3:5000"
IMAGES = f"{REGISTRY}/kubernetes"
POD_CIDR = "10.244.0.0/16"
_SCRIPTS = Path(__file__).with_name("node")
_KUBEADM = "kubeadm.k8s.io/v1beta4"
_ANSWERS_WITHIN_SECONDS = 180
_FLANNEL, _CONTROLLER = f"{IMAGES}/flannel:v0.28.4", f"{IMAGES}/openstack-cloud-controller-manager:v1.36.0"
LATER = {"control-plane": f"{_FLANNEL} {_CONTROLLER}", "worker": _FLANNEL}


def new_key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519")


def public_half(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


def user_data(name: str, public_key: str, host_key: asyncssh.SSHKey) -> str:
    """cloud-init's: a user with this key alone, and the host key that the machine is known by."""
    user = {"name": USER, "shell": "/bin/bash", "sudo": "ALL=(ALL) NOPASSWD:ALL", "lock_passwd": True}
    config = {
        "hostname": name,
        "preserve_hostname": False,
        "ssh_deletekeys": True,
        "ssh_keys": {
            "ed25519_private": host_key.export_private_key().decode(),
            "ed25519_public": public_half(host_key),
        },
        "users": [user | {"ssh_authorized_keys": [public_key]}],
    }
    return "#cloud-config\n" + json.dumps(config)  # JSON is YAML


async def reach(
    host: str, key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, jump: asyncssh.SSHClientConnection | None = None
) -> asyncssh.SSHClientConnection:
    """Tries until the machine answers with the host key that its user-data gave it."""
    nobody: list[asyncssh.SSHKey] = []
    trusted = ([host_key.convert_to_public()], nobody, nobody)
    async with asyncio.timeout(_ANSWERS_WITHIN_SECONDS):
        while True:
            try:
                return await asyncssh.connect(
                    host, username=USER, client_keys=[key], known_hosts=trusted, config=None, agent_path=None,
                    tunnel=jump, connect_timeout=3, login_timeout=10,
                )  # fmt: skip
            except (OSError, asyncssh.Error, TimeoutError):
                await asyncio.sleep(0.3)


async def run(node: asyncssh.SSHClientConnection, script: str, **variables: str) -> str:
    """`script`: a file in `node/`. Its stdout. Raises RuntimeError with the end of stderr if it fails."""
    head = "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())
    text = head + (_SCRIPTS / script).read_text()
    done = await node.run("sudo /bin/bash -s", input=text, timeout=600)
    if done.exit_status != 0:
        raise RuntimeError(f"{script} failed: {str(done.stderr)[-2000:]}")
    return str(done.stdout or "").strip()


def init_configuration(machine: Machine, external: str, token: str, version: str) -> str:
    return yaml.safe_dump_all(
        [
            {
                "apiVersion": _KUBEADM,
                "kind": "InitConfiguration",
                "bootstrapTokens": [{"token": token, "ttl": "15m0s"}],
                "localAPIEndpoint": {"advertiseAddress": machine.address, "bindPort": 6443},
                "nodeRegistration": _registration(machine),
            },
            {
                "apiVersion": _KUBEADM,
                "kind": "ClusterConfiguration",
                "kubernetesVersion": f"v{version}",
                "imageRepository": IMAGES,
                "controlPlaneEndpoint": f"{machine.address}:6443",
                "apiServer": {"certSANs": [machine.address, external]},
                "networking": {"podSubnet": POD_CIDR, "serviceSubnet": "10.96.0.0/16"},
            },
            _kubelet(),
            {
                "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
                "kind": "KubeProxyConfiguration",
                "mode": "nftables",
                "conntrack": {"maxPerCore": 0, "min": 0},
            },
        ]
    )


def join_configuration(machine: Machine, control_plane: Machine, token: str, ca_hash: str) -> str:
    endpoint = f"{control_plane.address}:6443"
    discovery = {"apiServerEndpoint": endpoint, "token": token, "caCertHashes": [ca_hash]}
    return yaml.safe_dump(
        {
            "apiVersion": _KUBEADM,
            "kind": "JoinConfiguration",
            "discovery": {"bootstrapToken": discovery},
            "nodeRegistration": _registration(machine),
        }
    )


def cloud_conf(credential: dict[str, str]) -> str:
    return f"""[Global]
auth-url={credential["auth_url"]}
region=RegionOne
application-credential-id={credential["id"]}
application-credential-secret={credential["secret"]}
"""


def _kubelet() -> dict[str, Any]:
    """For the sandbox's machines: containers on a shared kernel and disk, with cgroup v1."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "cgroupDriver": "__CGROUP_DRIVER__",
        "failCgroupV1": False,
        "failSwapOn": False,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%"},
    }


def _registration(machine: Machine) -> dict[str, Any]:
    arguments = {
        "cloud-provider": "external",
        "node-ip": machine.address,
        "provider-id": f"openstack:///{machine.server}",
    }
    return {
        "name": machine.name,
        "criSocket": "unix:///run/containerd/containerd.sock",
        "imagePullPolicy": "IfNotPresent",
        "imagePullSerial": False,
        "kubeletExtraArgs": [{"name": name, "value": value} for name, value in arguments.items()],
        "ignorePreflightErrors": ["SystemVerification"],
    }
