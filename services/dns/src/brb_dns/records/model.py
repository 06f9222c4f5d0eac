"""What a record is inside the service. Frozen; rows never leave `store`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from brb_dns.records.names import Place
from brb_dns.records.values import RecordType
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.tenant import Tenant


class Source(StrEnum):
    """By which way a record came."""

    API = "api"
    UPDATE = "update"
    ACME = "acme"


@dataclass(frozen=True)
class Owner:
    """Records of a cluster go with it; those of a tenant stay until they are deleted."""

    tenant: Tenant
    cluster_id: ClusterId | None = None


@dataclass(frozen=True)
class Draft:
    """A record that is about to be: the name checked by `names`, the value by `values`."""

    place: Place
    type: RecordType
    value: str
    ttl_seconds: int

    @property
    def name(self) -> str:
        return self.place.name


@dataclass(frozen=True)
class Record:
    id: str
    name: str
    type: RecordType
    value: str
    ttl_seconds: int
    owner: Owner
    source: Source
    created_by: str | None
    created_at: datetime
