"""What the internal API takes and gives."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from brb_shared.contracts.registry import Service


class KubeconfigRequest(BaseModel):
    """The gateway has checked the user's right to the cluster; `groups` are what the cluster's own RBAC goes by."""

    model_config = ConfigDict(extra="forbid")

    user_id: str = Field(
        pattern=r"^[^\x00-\x1f\x7f]{1,512}$", description="Becomes the certificate's CN, brb:user:<id>"
    )
    groups: tuple[str, ...] = Field(default=(), max_length=256, description="Each with the prefix brb:")
    ttl_seconds: int = Field(default=43_200, ge=600, le=86_400, description="Life of the certificate")


class Kubeconfig(BaseModel):
    kubeconfig: str = Field(description="YAML; secret")
    expires_at: datetime


class ServiceAccessRequest(BaseModel):
    """One of the platform's services wants to work in the cluster."""

    model_config = ConfigDict(extra="forbid")

    service: Service = Field(description="Becomes the certificate's CN, brb:service:<name>")


class ServiceAccess(BaseModel):
    access: str = Field(description="JSON: server, ca_certificate, client_certificate, client_key; secret")
    expires_at: datetime


class RunSummary(BaseModel):
    """One run of a step on a machine."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    machine: str
    server_id: str
    step: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None = Field(description="None while it runs; 254: interrupted")


class RunDetail(RunSummary):
    output: str = Field(description="All it has said so far, without secrets")


class RunList(BaseModel):
    items: list[RunSummary]
