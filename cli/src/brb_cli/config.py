"""Profiles: where the API is and the token to it, kept in `$XDG_CONFIG_HOME/brb/config.json` (mode 0600).

BRB_HOST and BRB_TOKEN win over the file. A profile's token is sent only to the profile's own host.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from brb_cli.errors import CliError
from brb_cli.files import write_private

DEFAULT_HOST = "http://127.0.0.1:8080"
DEFAULT_PROFILE = "default"


class Profile(BaseModel):
    model_config = ConfigDict(frozen=True)

    host: str
    token: str | None = None
    cloud: str = ""
    user: str = ""
    project: str = ""
    expires_at: str = ""


class Config(BaseModel):
    model_config = ConfigDict(frozen=True)

    current_profile: str = DEFAULT_PROFILE
    profiles: dict[str, Profile] = {}

    def with_profile(self, name: str, profile: Profile) -> "Config":
        """The same with this profile, made current."""
        return Config(current_profile=name, profiles={**self.profiles, name: profile})


@dataclass(frozen=True)
class Target:
    """Whom to speak to, and as whom."""

    host: str
    token: str | None
    profile_name: str


def config_path(env: Mapping[str, str] = os.environ) -> Path:
    base = env.get("XDG_CONFIG_HOME") or Path(env.get("HOME", "~")).expanduser() / ".config"
    return Path(base) / "brb" / "config.json"


def load_config(env: Mapping[str, str] = os.environ) -> Config:
    path = config_path(env)
    try:
        return Config.model_validate_json(path.read_text())
    except FileNotFoundError:
        return Config()
    except (ValidationError, json.JSONDecodeError) as error:
        hint = f"Correct or remove {path}, then `brb login`"
        raise CliError(f"{path} is not a configuration of brb", code="invalid_configuration", hint=hint) from error


def save_config(config: Config, env: Mapping[str, str] = os.environ) -> Path:
    path = config_path(env)
    write_private(path, config.model_dump_json(indent=2) + "\n")
    return path


def profile_name(config: Config, asked: str | None, env: Mapping[str, str] = os.environ) -> str:
    return asked or env.get("BRB_PROFILE") or config.current_profile


def find_target(asked_host: str | None, asked_profile: str | None, env: Mapping[str, str] = os.environ) -> Target:
    config = load_config(env)
    name = profile_name(config, asked_profile, env)
    profile = config.profiles.get(name)
    if profile is None and asked_profile is not None:
        raise CliError(f"There is no profile {name!r}", code="unknown_profile", hint="See `brb profile list`")
    host = asked_host or env.get("BRB_HOST") or (profile.host if profile else DEFAULT_HOST)
    own_token = profile.token if profile is not None and same_host(profile.host, host) else None
    return Target(host=host.rstrip("/"), token=env.get("BRB_TOKEN") or own_token, profile_name=name)


def same_host(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")
