"""Explicit records, as they travel and as they lie on disk; and the snapshot of all of them."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from brb_dns.zone.config import DomainName


class RecordKey(NamedTuple):
    """Name (lower case, no last dot) and type of an RRset."""

    name: str
    type: str


class RecordSet(BaseModel):
    """One RRset. Replaces whatever was there under its key."""

    model_config = ConfigDict(frozen=True)

    name: DomainName
    type: str = Field(pattern=r"^[A-Z][A-Z0-9-]*$", description="A, AAAA, CNAME, TXT, CAA, …, or TYPE65280")
    ttl_seconds: int = Field(ge=0, le=2**31 - 1)
    values: tuple[str, ...] = Field(min_length=1, description="In presentation form; names in them are absolute")

    @property
    def key(self) -> RecordKey:
        return RecordKey(self.name, self.type)


class Snapshot(BaseModel):
    """All explicit records of all zones. `revision` 0: nothing was ever loaded."""

    model_config = ConfigDict(frozen=True)

    revision: int = 0
    serial: int = Field(default=1, ge=0, le=2**32 - 1, description="Of the zones' SOA")
    records: tuple[RecordSet, ...] = ()


class Change(BaseModel):
    """Deletes first, then upserts; `revision` and `serial` as they are after it."""

    model_config = ConfigDict(frozen=True)

    revision: int
    serial: int
    upserts: tuple[RecordSet, ...] = ()
    deletes: tuple[RecordKey, ...] = ()
