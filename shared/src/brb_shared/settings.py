"""Settings that every service has. Each service subclasses `ServiceSettings`, reads it once and passes it down."""

import socket
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from brb_shared.contracts.registry import Service


class ServiceSettings(BaseSettings):
    """Read from the environment, prefix `BRB_`."""

    model_config = SettingsConfigDict(env_prefix="BRB_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(description="PostgreSQL, as postgresql+asyncpg://user:password@host/database")
    nats_url: str = Field(default="nats://127.0.0.1:4222", description="The NATS server")
    service_key_file: Path | None = Field(
        default=None,
        description="File with this service's nkey seed (S…): its NATS login, and it signs calls to other services",
    )
    service_public_keys_file: Path | None = Field(
        default=None, description="JSON file: service name to its public nkey (U…)"
    )
    keyring_file: Path | None = Field(
        default=None, description="File with the key-encryption keys, a line `<version>:<base64 of 32 bytes>` each"
    )
    clouds_file: Path | None = Field(default=None, description="YAML file of the clouds clusters can be made in")
    hub_url: str = Field(default="http://127.0.0.1:8000", description="Where workers reach the api-gateway")
    authz_url: str = Field(
        default="http://127.0.0.1:8004", description="Where authz's HTTP API answers: the snapshot of who may do what"
    )
    replica: str = Field(
        default_factory=socket.gethostname,
        description="A name that only this work process has and keeps over a restart: it takes up what its killed "
        "predecessor held at once; the host's (a container's) name by default",
    )
    host: str = Field(default="127.0.0.1", description="Address the HTTP API listens on")
    port: int = Field(default=8000, description="TCP port the HTTP API listens on")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_json: bool = Field(default=True, description="JSON lines; false: coloured text for a terminal")


def required(path: Path | None, setting: str, service: Service) -> Path:
    """The path of a setting that this use cannot do without. Raises ValueError that names the variable to set."""
    if path is None:
        raise ValueError(f"{service} needs BRB_{setting.upper()}: set it to a file's path")
    return path
