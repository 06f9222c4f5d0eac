"""The secrets of a cluster and of the platform, taken from where they belong: the cluster, its machines, files."""

import base64
import json
import re
import threading
from pathlib import Path
from typing import Any

import yaml

from e2e.canary import Canaries
from e2e.harness import CLOUDS_FILE, REPOSITORY, Brb, Kubectl
from e2e.outside import Machine

PLATFORM_SECRETS = REPOSITORY / ".demo" / "platform" / "secrets"


class JoinSecrets:
    """What control planes are given to join: it is on a machine for the time of the join, so it is looked for while
    the cluster is made."""

    def __init__(self, brb: Brb, cluster: str) -> None:
        self.found: set[tuple[str, str]] = set()
        self._brb = brb
        self._cluster = cluster
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_for_ever)

    def __enter__(self) -> "JoinSecrets":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_for_ever(self) -> None:
        while not self._over.wait(0.5):
            for machine in self._brb.state(self._cluster)["status"]["machines"]:
                if machine["server_id"] and machine["role"] == "control-plane":
                    self._look(Machine(machine["server_id"]))

    def _look(self, machine: Machine) -> None:
        text = machine("cat /etc/brb/join.yaml /etc/brb/discovery.yaml 2>/dev/null").out
        self.found |= {("certificate key", key) for key in re.findall(r"certificateKey: \W?([0-9a-f]{64})", text)}
        self.found |= {("join token", token) for token in re.findall(r"token: \W?[a-z0-9]{6}\.([a-z0-9]{16})", text)}


def of_the_platform(canaries: Canaries) -> None:
    for name, entry in yaml.safe_load(CLOUDS_FILE.read_text())["clouds"].items():
        canaries.add(f"the password of {name}", entry["auth"]["password"])
    canaries.add("the SSH user CA", (PLATFORM_SECRETS / "installer" / "ssh_user_ca").read_text())
    for file in sorted(PLATFORM_SECRETS.glob("*/service_key")):
        canaries.add(f"the key of {file.parent.name}", file.read_text().strip())
    for file in sorted(PLATFORM_SECRETS.glob("*/keyring")):
        canaries.add(f"the keyring of {file.parent.name}", file.read_text().partition(":")[2].strip())
    for file in sorted(PLATFORM_SECRETS.glob("postgres/postgres_*")):
        canaries.add(f"the password of {file.name}", file.read_text().strip())


def session_token(home: Path) -> str:
    """The bearer token of the command line's session."""
    config = json.loads((home / "brb" / "config.json").read_text())
    token: str = config["profiles"][config["current_profile"]]["token"]
    return token


def of_the_cluster(canaries: Canaries, kubectl: Kubectl, machines: list[dict[str, Any]], kubeconfig: Path) -> None:
    canaries.add("the handed-out kubeconfig's key", _client_key(kubeconfig.read_text()))
    canaries.add("the application credential", _credential_secret(kubectl))
    for secret in kubectl.json("get", "secrets", "--namespace", "kube-system")["items"]:
        if secret["type"] == "bootstrap.kubernetes.io/token":
            canaries.add("a bootstrap token", base64.b64decode(secret["data"]["token-secret"]).decode())
    for machine in machines:
        _of_the_machine(canaries, machine["name"], Machine(machine["server_id"]))


def _of_the_machine(canaries: Canaries, name: str, machine: Machine) -> None:
    """Its host key, the first one that was in its user-data, and what a control plane has."""
    canaries.add(f"the host key of {name}", machine.must("cat /etc/ssh/ssh_host_ed25519_key"))
    user_data = yaml.safe_load(machine.must("cat /var/lib/cloud/instance/user-data.txt"))
    canaries.add(f"the first host key of {name}", user_data["ssh_keys"]["ed25519_private"])
    for file in machine("ls /etc/kubernetes/admin.conf /etc/kubernetes/super-admin.conf 2>/dev/null").out.split():
        canaries.add(f"the key in {file} of {name}", _client_key(machine.must(f"cat {file}")))
    if "pki" in machine("ls /etc/kubernetes").out and machine("ls /etc/kubernetes/pki/ca.key").code == 0:
        canaries.add(f"the key of the cluster's CA on {name}", machine.must("cat /etc/kubernetes/pki/ca.key"))


def _credential_secret(kubectl: Kubectl) -> str:
    secret = kubectl.json("get", "secret", "cloud-config", "--namespace", "kube-system")
    config = base64.b64decode(secret["data"]["cloud.conf"]).decode()
    (found,) = re.findall(r"^application-credential-secret=(.+)$", config, re.MULTILINE)
    return str(found)


def _client_key(kubeconfig: str) -> str:
    (user,) = yaml.safe_load(kubeconfig)["users"]
    return base64.b64decode(user["user"]["client-key-data"]).decode()
