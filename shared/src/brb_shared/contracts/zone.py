"""Kind `zone`: changes of the explicit records of the self-hosted zone. Written and read by the dns service.

The wildcard part of the zone is computed from each name and is in no message.
"""

from pydantic import Field

from brb_shared.contracts.base import Contract
from brb_shared.contracts.changes import Revised


class RRset(Contract):
    """All records of one name and type. Source: RFC 2181, section 5."""

    name: str = Field(description="Absolute, lower case, without the last dot: shop.apps.web.example.org")
    type: str = Field(description="A, AAAA, CNAME, TXT or CAA")
    ttl_seconds: int
    values: tuple[str, ...] = Field(description="RDATA in presentation format (RFC 1035, section 5), names absolute")


class RRsetKey(Contract):
    name: str
    type: str


class ZoneChanged(Revised):
    """A change too large for one message is sent as several, each with a revision of its own."""

    serial: int = Field(ge=0, le=2**32 - 1, description="Of the SOA after this change; grows by RFC 1982")
    upserts: tuple[RRset, ...] = Field(default=(), description="Each takes the place of the RRset of its name and type")
    deletes: tuple[RRsetKey, ...] = ()


class ZoneSnapshot(Contract):
    """The whole at one revision: what a server begins with."""

    revision: int
    serial: int
    rrsets: tuple[RRset, ...] = ()
