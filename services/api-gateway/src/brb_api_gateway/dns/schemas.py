"""Bodies of /v1/zone, /v1/dns-records and /v1/dns-keys. The dns service checks names and values."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from brb_shared.contracts.bodies import Input, Output
from brb_shared.contracts.ids import ClusterId


class RecordType(StrEnum):
    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    TXT = "TXT"
    CAA = "CAA"


class RecordSource(StrEnum):
    """By which way a record came."""

    API = "api"
    UPDATE = "update"
    ACME = "acme"


class DnsRecordCreate(Input):
    name: str = Field(
        max_length=254,
        description="<anything>.<project>.<ip>.<zone> with an address of your clusters, or <name>.apps.<zone>",
        examples=["shop.apps.web.example.org"],
    )
    type: RecordType
    value: str = Field(
        max_length=2048,
        description="TXT: the plain text. Else as in a zone file, with absolute names. An address must be public or "
        "in the platform's networks",
        examples=["shop.demo.198.51.100.7.web.example.org."],
    )
    ttl_seconds: int = Field(default=300, ge=30, le=86_400, description="How long resolvers keep it")
    cluster_id: ClusterId | None = Field(
        default=None, description="The record goes with this cluster; none: it stays until it is deleted"
    )
    replace: bool = Field(
        default=False, description="Take the place of the name's other values of this type; else it is one more"
    )


class DnsRecordView(Output):
    id: str
    name: str
    type: RecordType
    value: str
    ttl_seconds: int
    cluster_id: ClusterId | None = None
    source: RecordSource
    created_by: str | None = Field(default=None, description="Keystone user id, or the key of an update")
    created_at: datetime


class DnsKeyCreate(Input):
    names: tuple[str, ...] = Field(
        min_length=1, max_length=20, description="The key may change these and all below them, while they are yours"
    )
    types: tuple[RecordType, ...] = Field(
        default=(RecordType.TXT,), min_length=1, description="And records of these types; TXT is enough for ACME"
    )
    may_transfer: bool = Field(default=False, description="It may list the project's records by AXFR")
    description: str = Field(default="", max_length=200)


class DnsKeyView(Output):
    """A TSIG key (RFC 8945) for updates by RFC 2136, as lego, cert-manager, external-dns and nsupdate send them."""

    id: str = Field(description="Also the key's name on the wire")
    algorithm: str = Field(description="hmac-sha256")
    names: tuple[str, ...]
    types: tuple[RecordType, ...]
    may_transfer: bool
    description: str
    created_by: str | None = None
    created_at: datetime
    last_used_at: datetime | None = None


class DnsKeyCreated(DnsKeyView):
    secret: str = Field(description="Base64; shown this once")


class NameserverView(Output):
    name: str
    addresses: tuple[str, ...] = ()


class ZoneView(Output):
    zone: str = Field(examples=["web.example.org"])
    serial: int = Field(description="Of the SOA: grows with each change")
    nameservers: tuple[NameserverView, ...]
    networks: tuple[str, ...] = Field(description="Addresses in these are answered")
    hostnames: str = Field(
        description="Host names of your choice lie below it: the first project that takes one has it"
    )
    automatic: tuple[str, ...] = Field(description="Forms of names that lead to their address without any record")
