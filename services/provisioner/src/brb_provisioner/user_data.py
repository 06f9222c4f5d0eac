"""The user-data of a machine: what cloud-init does at first boot, and the host key it is known by.

The contract with the installer: it signs in as `brb` (sudo without a password) with a certificate of the platform's
SSH user CA for the principal `brb:<cluster id>`, and checks the host key that is given here. Nothing else opens the
machine: no password, no authorized key, no other host key.
Source: cloud-init, modules `SSH`, `Users and Groups`, `Write Files`; sshd_config(5), `TrustedUserCAKeys`.
"""

import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

USER = "brb"
_CA_FILE = "/etc/ssh/brb_user_ca.pub"
_PRINCIPALS_FOLDER = "/etc/ssh/brb_principals"
_SSHD_CONFIG = f"""\
HostKey /etc/ssh/ssh_host_ed25519_key
TrustedUserCAKeys {_CA_FILE}
AuthorizedPrincipalsFile {_PRINCIPALS_FOLDER}/%u
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
"""
_RELOAD_IF_STARTED_BEFORE = """\
[ "$(stat -c %Y /run/sshd.pid)" -gt "$(stat -c %Y /etc/ssh/sshd_config.d/00-brb.conf)" ] ||
systemctl try-reload-or-restart ssh.service sshd.service
"""
"""cloud-init runs before sshd; an image that starts sshd first has to read the files again."""


@dataclass(frozen=True)
class HostKey:
    """An SSH host key pair in OpenSSH's forms."""

    private: str
    public: str


def new_host_key() -> HostKey:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return HostKey(private, public)


def render_user_data(machine: str, cluster_id: str, host_key: HostKey, user_ca: str) -> str:
    """cloud-init's text. `user_ca`: the CA's public key, as its .pub file has it."""
    config = {
        "hostname": machine,
        "fqdn": machine,
        "preserve_hostname": False,
        "disable_root": True,
        "ssh_pwauth": False,
        "ssh_deletekeys": True,
        "ssh_keys": {"ed25519_private": host_key.private, "ed25519_public": f"{host_key.public} {machine}"},
        "users": [
            {"name": USER, "shell": "/bin/bash", "lock_passwd": True, "sudo": "ALL=(ALL) NOPASSWD:ALL"},
        ],
        "write_files": [
            _file(_CA_FILE, user_ca.strip() + "\n"),
            _file(f"{_PRINCIPALS_FOLDER}/{USER}", f"{USER}:{cluster_id}\n"),
            _file("/etc/ssh/sshd_config.d/00-brb.conf", _SSHD_CONFIG),
        ],
        "runcmd": [["sh", "-c", _RELOAD_IF_STARTED_BEFORE]],
    }
    return "#cloud-config\n" + json.dumps(config, indent=1)  # JSON is YAML


def _file(path: str, content: str) -> dict[str, str]:
    return {"path": path, "content": content, "owner": "root:root", "permissions": "0644"}
