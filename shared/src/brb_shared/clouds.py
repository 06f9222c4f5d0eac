"""The clouds that clusters can be made in: registered by configuration, read by the gateway and the provisioner."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from brb_shared.contracts.ids import CloudId


class OperatorAccess(BaseModel):
    """An administrator's access, as `auth` of an entry in clouds.yaml.

    Used to delete a cluster whose creator has left, and to remove application credentials: a restricted one cannot
    remove itself, and Keystone lets only its owner or an administrator do it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    username: str | None = None
    password: SecretStr | None = None
    user_domain_name: str = "Default"
    project_name: str | None = None
    project_domain_name: str = "Default"
    application_credential_id: str | None = None
    application_credential_secret: SecretStr | None = None


class Cloud(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    display_name: str = Field(description="For people")
    auth_url: str = Field(description="Keystone, such as https://keystone.cloud.example:5000/v3")
    region_name: str = "RegionOne"
    interface: Literal["public", "internal"] = "public"
    ca_cert_file: Path | None = Field(default=None, description="PEM bundle; None: the system's")
    external_network: str | None = Field(default=None, description="Name or id; None: the cloud's only one")
    dns_nameservers: tuple[str, ...] = Field(default=(), description="Resolvers of the subnets made for clusters")
    lb_provider: str = Field(default="amphora", description="Octavia's provider: amphora or ovn")
    lb_method: str = Field(default="ROUND_ROBIN", description="Octavia's algorithm; ovn knows SOURCE_IP_PORT only")
    default_image: str | None = Field(default=None, description="Name or id; None: the newest Debian or Ubuntu")
    default_flavor: str | None = Field(default=None, description="Name or id; None: the smallest of 2 vCPU and 2 GiB")
    operator: OperatorAccess | None = None


class _CloudsFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    clouds: dict[str, Cloud]


def load_clouds(path: Path) -> dict[CloudId, Cloud]:
    """Raises ValueError that names the file and what is wrong in it."""
    try:
        parsed = _CloudsFile.model_validate(yaml.safe_load(path.read_text()))
    except (yaml.YAMLError, ValidationError) as error:
        raise ValueError(f"{path} is not a clouds file: {error}") from error
    return {CloudId(name): cloud for name, cloud in parsed.clouds.items()}
