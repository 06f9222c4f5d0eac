"""Bodies of /v1/certificates: as the dns service gives them."""

from datetime import datetime

from pydantic import Field

from brb_shared.contracts.bodies import Input, Output
from brb_shared.contracts.conditions import Condition
from brb_shared.contracts.ids import ClusterId


class CertificateCreate(Input):
    cluster_id: ClusterId = Field(max_length=64, description="The cluster that has the address")
    address: str = Field(max_length=45, description="A public address of the cluster", examples=["198.51.100.7"])
    retry: bool = Field(default=False, description="Try again at once, if it pauses after failures")


class CertificateMetadata(Output):
    id: str
    name: str = Field(description="<project>.<ip>.<zone>")
    generation: int
    created_at: datetime | None = None


class CertificateSpec(Output):
    cluster_id: ClusterId
    address: str
    project: str = Field(description="The project's label in the name")
    names: tuple[str, ...] = Field(description="What it is for: the wildcard and the bare name")


class CertificateStatus(Output):
    state: str = Field(description="issuing, ready, renewing, failing, renewal failing, expired or deleting")
    not_before: datetime | None = None
    not_after: datetime | None = Field(default=None, description="None: there is none yet")
    renew_at: datetime | None = Field(default=None, description="It is renewed by itself from then on")
    serial: str | None = None
    failures: int = Field(default=0, description="In a row, since the last success")
    retry_at: datetime | None = Field(default=None, description="When it is tried again, if it pauses")
    conditions: tuple[Condition, ...] = ()


class CertificateView(Output):
    metadata: CertificateMetadata
    spec: CertificateSpec
    status: CertificateStatus
