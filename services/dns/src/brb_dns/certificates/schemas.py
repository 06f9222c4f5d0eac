"""Bodies of the certificates' routes."""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Self

from pydantic import BaseModel, Field

from brb_dns.certificates.certificate import Certificate
from brb_dns.certificates.conditions import state_of
from brb_shared.contracts.conditions import Condition


class CertificateCreate(BaseModel):
    cluster_id: str = Field(max_length=64, description="The cluster that has the address")
    address: IPv4Address | IPv6Address = Field(description="A public address of the cluster")
    retry: bool = Field(default=False, description="Try at once, if it is pausing after failures")


class CertificateMetadata(BaseModel):
    id: str
    name: str = Field(description="<project>.<ip>.<zone>")
    generation: int
    created_at: datetime | None


class CertificateSpec(BaseModel):
    cluster_id: str
    address: str
    project: str = Field(description="The project's label in the name")
    names: tuple[str, ...] = Field(description="The wildcard and the bare name")


class CertificateStatus(BaseModel):
    state: str = Field(description="issuing, ready, renewing, failing, renewal failing, expired or deleting")
    not_before: datetime | None = None
    not_after: datetime | None = None
    renew_at: datetime | None = None
    serial: str | None = None
    failures: int = Field(default=0, description="In a row, since the last success")
    retry_at: datetime | None = Field(default=None, description="When it is tried again, if it pauses")
    conditions: tuple[Condition, ...] = ()


class CertificateView(BaseModel):
    metadata: CertificateMetadata
    spec: CertificateSpec
    status: CertificateStatus

    @classmethod
    def of(cls, one: Certificate, now: datetime) -> Self:
        metadata = {"id": one.id, "name": one.name, "generation": one.generation, "created_at": one.created_at}
        spec = {"cluster_id": one.owner.cluster_id, "address": one.address, "project": one.project, "names": one.names}
        return cls.model_validate({"metadata": metadata, "spec": spec, "status": _status(one, now)})


class CertificatePage(BaseModel):
    items: list[CertificateView]
    next_page_token: str | None = None

    @classmethod
    def of(cls, found: Sequence[Certificate], size: int, now: datetime) -> Self:
        """Of `size + 1`: the one too many tells that there is another page."""
        page = [CertificateView.of(one, now) for one in found[:size]]
        return cls(items=page, next_page_token=page[-1].metadata.id if len(found) > size else None)


class Bundle(BaseModel):
    """What a TLS server needs. Never logged, never stored by the reader but where it is used."""

    id: str
    serial: str = Field(description="Another serial is another certificate with another key")
    not_after: datetime
    fullchain_pem: str
    private_key_pem: str


def _status(one: Certificate, now: datetime) -> CertificateStatus:
    issued = one.issued
    return CertificateStatus(
        state=state_of(one, now),
        not_before=issued.not_before if issued else None,
        not_after=issued.not_after if issued else None,
        renew_at=issued.renew_at if issued else None,
        serial=issued.serial if issued else None,
        failures=one.failures,
        retry_at=one.paused_until(now),
        conditions=one.conditions,
    )
