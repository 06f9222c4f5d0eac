"""Settings of the provisioner, read once in `app.py`."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from brb_shared.settings import ServiceSettings


class ProvisionerSettings(ServiceSettings):
    port: int = Field(default=8001, description="TCP port the HTTP API listens on")
    ssh_ca_public_key_file: Path | None = Field(
        default=None, description="The platform's SSH user CA, public half: machines let in who shows its certificate"
    )
    recheck_interval: timedelta = Field(
        default=timedelta(minutes=5),
        description="How often a settled cluster is compared with the cloud (drift); a minute after something was made",
    )
    poll_interval: timedelta = Field(
        default=timedelta(seconds=0.5),
        description="How soon to look again at what is building: one list call; after a minute four times as long",
    )
    build_timeout: timedelta = Field(
        default=timedelta(minutes=10), description="A server that is not ACTIVE after this is reported and replaced"
    )
    node_startup_timeout: timedelta = Field(
        default=timedelta(minutes=10), description="An ACTIVE machine without SSH after this is reported with evidence"
    )
    server_tries: int = Field(
        default=3, ge=1, description="Servers in ERROR in a row before a machine is replaced only every 5 minutes"
    )
    probe_ssh: bool = Field(
        default=True, description="Try port 22 of floating addresses; off where this process cannot reach them"
    )
    probe_timeout_seconds: float = Field(default=2.0, description="For one try of port 22; a drop takes all of it")
    api_timeout_seconds: float = Field(
        default=30.0, description="For one request to a cloud; half a pass, so that a pass survives one slow request"
    )
    api_threads: int = Field(
        default=32, description="Threads for the synchronous SDK, for all clusters together; each holds a connection"
    )
    calls_per_cluster: int = Field(
        default=8, description="Requests in parallel for one cluster; more only queue in a small cloud's API"
    )
    loop_concurrency: int = Field(default=16, description="Clusters worked on at the same time by one process")
