"""Bodies of the internal API."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from brb_dns.keys.model import ALGORITHM, DnsKey
from brb_dns.records.model import Record, Source
from brb_dns.records.values import LONGEST_TEXT, RecordType, render_shown
from brb_shared.contracts.ids import ClusterId

Ttl = Annotated[int, Field(ge=30, le=86_400, description="How long resolvers keep it")]


class Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordCreate(Body):
    name: str = Field(max_length=254)
    type: RecordType
    value: str = Field(max_length=LONGEST_TEXT, description="TXT: plain text; else as in a zone file")
    ttl_seconds: Ttl = 300
    cluster_id: ClusterId | None = Field(default=None, description="It goes with this cluster; None: the project's own")
    replace: bool = Field(default=False, description="Take the place of the name's other values of this type")


class RecordView(Body):
    id: str
    name: str
    type: RecordType
    value: str
    ttl_seconds: int
    cluster_id: ClusterId | None
    source: Source
    created_by: str | None
    created_at: datetime

    @classmethod
    def of(cls, record: Record) -> "RecordView":
        return cls(
            id=record.id,
            name=record.name,
            type=record.type,
            value=render_shown(record.type, record.value),
            ttl_seconds=record.ttl_seconds,
            cluster_id=record.owner.cluster_id,
            source=record.source,
            created_by=record.created_by,
            created_at=record.created_at,
        )


class RecordPage(Body):
    items: list[RecordView]
    next_page_token: str | None = None


class KeyCreate(Body):
    names: tuple[str, ...] = Field(min_length=1, max_length=20, description="It may touch these and all below them")
    types: tuple[RecordType, ...] = Field(default=(RecordType.TXT,), min_length=1)
    may_transfer: bool = Field(default=False, description="It may list the project's records by AXFR")
    description: str = Field(default="", max_length=200)


class KeyView(Body):
    id: str = Field(description="Also the key's name on the wire")
    algorithm: str = ALGORITHM
    names: tuple[str, ...]
    types: tuple[RecordType, ...]
    may_transfer: bool
    description: str
    created_by: str | None
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: DnsKey) -> "KeyView":
        return cls(
            id=key.id,
            names=key.rights.names,
            types=key.rights.types,
            may_transfer=key.rights.may_transfer,
            description=key.description,
            created_by=key.created_by,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
        )


class KeyCreated(KeyView):
    secret: str = Field(description="Base64; shown this once")


class KeyPage(Body):
    items: list[KeyView]


class NameserverView(Body):
    name: str
    addresses: tuple[str, ...]


class ZoneView(Body):
    zone: str
    serial: int
    nameservers: tuple[NameserverView, ...]
    networks: tuple[str, ...] = Field(description="Addresses in these are answered")
    hostnames: str = Field(description="User hostnames lie below it: <name>.apps.<zone>")
    automatic: tuple[str, ...] = Field(description="Forms of names that need no record")
