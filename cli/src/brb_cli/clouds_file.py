"""Sign-in details from OpenStack's clouds.yaml. Source: openstacksdk, "Configuring OpenStack SDK Applications"."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brb_cli.errors import CliError, NotFound


def find_clouds_file(asked: Path | None, env: Mapping[str, str] = os.environ) -> Path:
    """The given one, else the first that exists where OpenStack's own tools look."""
    if asked is not None:
        return asked
    home = Path(env.get("HOME", "~")).expanduser()
    named = env.get("OS_CLIENT_CONFIG_FILE")
    places = [*([Path(named)] if named else []), Path("clouds.yaml")]
    places += [home / ".config/openstack/clouds.yaml", Path("/etc/openstack/clouds.yaml")]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise NotFound("There is no clouds.yaml", code="not_found", hint="Give one with --os-clouds-file")
    return found


def load_cloud(file: Path, name: str) -> dict[str, Any]:
    """One entry, completed by secure.yaml beside the file. Raises NotFound, or CliError for what is not YAML."""
    secure = file.with_name("secure.yaml")
    clouds = _clouds_of(file)
    if name not in clouds:
        hint = f"There are: {', '.join(clouds)}"
        raise NotFound(f"{file} has no cloud {name!r}", code="not_found", hint=hint)
    secrets = _clouds_of(secure).get(name, {}) if secure.is_file() else {}
    entry = clouds[name]
    return {**entry, **secrets, "auth": {**entry.get("auth", {}), **secrets.get("auth", {})}}


def _clouds_of(file: Path) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise CliError(f"{file} cannot be read: {error}", code="invalid_file") from error
    clouds = document.get("clouds") if isinstance(document, dict) else None
    return clouds if isinstance(clouds, dict) else {}
