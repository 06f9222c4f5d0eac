"""What the server reads from files: zones, and the secret of cookies."""

import secrets
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from brb_dns.server.counters import LARGEST_ZONES
from brb_dns.server.settings import ServerSettings
from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.errors import ZoneError
from brb_dns.zone.records import Snapshot
from brb_dns.zone.zones import Zones


class ConfigurationError(Exception):
    """Names the file or setting, and what is wrong there."""


class _ZonesFile(BaseModel):
    zones: tuple[ZoneConfig, ...]


def load_zones(settings: ServerSettings) -> tuple[ZoneConfig, ...]:
    """From the file if there is one. Raises ConfigurationError."""
    zones = _read_zones(settings.zones_file) if settings.zones_file else settings.zones
    if not zones:
        raise ConfigurationError("no zone to serve: give --zone, or set BRB_DNS_ZONES or BRB_DNS_ZONES_FILE")
    if len(zones) >= LARGEST_ZONES:
        raise ConfigurationError(f"{len(zones)} zones, but one server holds {LARGEST_ZONES - 1} at most")
    try:
        Zones(zones, Snapshot())
    except ZoneError as error:
        raise ConfigurationError(f"zones: {error}") from error
    return zones


def load_cookie_secrets(path: Path | None) -> tuple[bytes, ...]:
    """The first one makes cookies, all are accepted. Raises ConfigurationError."""
    if path is None:
        return (secrets.token_bytes(16),)
    try:
        found = tuple(bytes.fromhex(line) for line in path.read_text().split())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"cookie_secret_file {path}: {error}") from error
    if not found or any(len(secret) != 16 for secret in found):
        raise ConfigurationError(f"cookie_secret_file {path}: each line must be 32 hex digits")
    return found


def _read_zones(path: Path) -> tuple[ZoneConfig, ...]:
    try:
        return _ZonesFile.model_validate(yaml.safe_load(path.read_text())).zones
    except (OSError, yaml.YAMLError, ValidationError, ZoneError) as error:
        raise ConfigurationError(f"zones_file {path}: {error}") from error
