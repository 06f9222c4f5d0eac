"""Files that the operator names for the certificates reach the one container that reads them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from brb_dns.certificates.settings import AcmeSettings

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
FILES = {"BRB_ACME_EXTERNAL_ACCOUNT_FILE": "external_account.json", "BRB_ACME_CA_FILE": "ca.pem"}
CLOUD = {"display_name": "Research", "auth_url": "https://cloud.test:5000/v3"}


def make_secrets(folder: Path, **named: str) -> Path:
    """Where the certificates' files are then."""
    clouds = folder / "clouds.yaml"
    clouds.write_text(yaml.safe_dump({"clouds": {"research": CLOUD}}))
    environment = {name: value for name, value in os.environ.items() if name not in FILES} | named
    command = [sys.executable, *map(str, (DEPLOY / "make_secrets.py", folder / "state", clouds))]
    subprocess.run(command, env=environment, check=True, timeout=60)
    return folder / "state/secrets/acme"


def test_they_are_copied_for_the_containers_user_and_go_when_they_are_not_named(tmp_path: Path) -> None:
    named = {}
    for variable, name in FILES.items():
        (tmp_path / name).write_text(json.dumps(variable))
        named[variable] = str(tmp_path / name)
    folder = make_secrets(tmp_path, **named)
    for variable, name in FILES.items():
        assert json.loads((folder / name).read_text()) == variable
        assert (folder / name).stat().st_mode & 0o777 == 0o600
        assert (folder / name).stat().st_uid == (tmp_path / "state/secrets/dns/keyring").stat().st_uid
    assert list(make_secrets(tmp_path).iterdir()) == []


def test_only_the_container_that_asks_for_certificates_has_them() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    mounted = {
        name for name, one in services.items() if any("secrets/acme:" in str(at) for at in one.get("volumes", ()))
    }
    assert mounted == {"dns-work"}
    environment = services["dns-work"]["environment"]
    for variable, name in FILES.items():
        assert environment[variable] == f"${{{variable}:+/run/acme/{name}}}"
    assert "BRB_DNS_ZONE" in environment


def test_an_empty_variable_names_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in FILES:
        monkeypatch.setenv(variable, "")
    settings = AcmeSettings(database_url=SecretStr("unused"))
    assert settings.acme_external_account_file is None
    assert settings.acme_ca_file is None
