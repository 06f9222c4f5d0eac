"""Make the platform's secrets, each once: what is there already stays.

    make_secrets.py STATE CLOUDS_FILE

STATE/secrets/<service>/ is what that service's containers see as /run/brb, STATE/compose.env what compose reads. In
STATE/zone the name servers keep the zone's last records. STATE/secrets/acme has copies of the files that
BRB_ACME_EXTERNAL_ACCOUNT_FILE and BRB_ACME_CA_FILE name, if they do: for the dns service's `work` alone.
"""

import argparse
import json
import os
import secrets
import shutil
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from brb_shared.clouds import load_clouds
from brb_shared.contracts.registry import Service
from brb_shared.messaging.permissions import SUBSCRIBER, render_nats_config
from brb_shared.nkey import new_seed, private_key_of_seed, public_nkey_of
from brb_shared.secrets import new_keyring_line

CONTAINER_UID = 10001
_ACME_FILES = {"BRB_ACME_EXTERNAL_ACCOUNT_FILE": "external_account.json", "BRB_ACME_CA_FILE": "ca.pem"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("clouds_file", type=Path)
    arguments = parser.parse_args()
    load_clouds(arguments.clouds_file)  # a broken file is better found here than in a container's log
    make_all(arguments.state, arguments.clouds_file)


def make_all(state: Path, clouds_file: Path) -> None:
    folder = state / "secrets"
    names = [*(service.value for service in Service), SUBSCRIBER]
    nkeys = {name: _public_of(_keep(folder / name / "service_key", new_seed())) for name in names}
    for service in Service:
        own = folder / service
        _keep(own / "keyring", new_keyring_line("1"))
        _write(own / "service_public_keys.json", json.dumps(nkeys))
        if service is not Service.DNS:  # it speaks to no cloud
            _write(own / "clouds.yaml", _clouds_for(service, clouds_file))
    _make_ssh_ca(folder)
    _copy_acme_files(folder / "acme")
    _write(folder / "nats/logins.conf", render_nats_config(nkeys))
    _write(state / "compose.env", "".join(f"{line}\n" for line in _environment(folder)))
    _hand_over(folder)
    (state / "zone").mkdir(exist_ok=True)
    _hand_over(state / "zone")


def _clouds_for(service: Service, clouds_file: Path) -> str:
    """Only the gateway and the provisioner use the operator's access; the others need the clouds' addresses at most."""
    content = yaml.safe_load(clouds_file.read_text())
    if service not in (Service.API_GATEWAY, Service.PROVISIONER):
        for cloud in content["clouds"].values():
            cloud.pop("operator", None)
    return str(yaml.safe_dump(content, sort_keys=False))


def _make_ssh_ca(folder: Path) -> None:
    """The SSH user CA: its private half for the installer only, its public half for the provisioner."""
    private = folder / Service.INSTALLER / "ssh_user_ca"
    key = Ed25519PrivateKey.generate()
    openssh = serialization.PrivateFormat.OpenSSH
    _keep(private, key.private_bytes(serialization.Encoding.PEM, openssh, serialization.NoEncryption()).decode())
    kept = serialization.load_ssh_private_key(private.read_bytes(), password=None)
    public = kept.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    _write(folder / Service.PROVISIONER / "ssh_user_ca.pub", public.decode() + "\n")


def _copy_acme_files(folder: Path) -> None:
    """As they are now: one that is not named any more goes."""
    folder.mkdir(parents=True, exist_ok=True)
    for variable, name in _ACME_FILES.items():
        (folder / name).unlink(missing_ok=True)
        if named := os.environ.get(variable):
            _write(folder / name, Path(named).read_text())


def _environment(folder: Path) -> list[str]:
    lines = [f"BRB_STATE={folder.parent}", f"BRB_UID={_container_uid()}"]
    for service in Service:
        login = service.replace("-", "_")
        password = _keep(folder / "postgres" / f"postgres_{login}", secrets.token_hex(24))
        lines.append(f"BRB_DATABASE_URL_{login.upper()}=postgresql+asyncpg://{login}:{password}@postgres:5432/brb")
    return lines


def _container_uid() -> int:
    """Root gives the files to the containers' user; anyone else runs the containers as himself."""
    return CONTAINER_UID if os.geteuid() == 0 else os.geteuid()


def _hand_over(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
        shutil.chown(path, _container_uid())


def _public_of(seed: str) -> str:
    return public_nkey_of(private_key_of_seed(seed))


def _keep(path: Path, new: str) -> str:
    """The file's content; `new` becomes it if the file is not there yet."""
    if not path.exists():
        _write(path, new)
    return path.read_text()


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(content)


if __name__ == "__main__":
    main()
