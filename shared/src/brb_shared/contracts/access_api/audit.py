"""What the audit log's API takes and gives."""

from dataclasses import dataclass
from typing import Any

from pydantic import Field

from brb_shared.contracts.audit import Verdict
from brb_shared.contracts.bodies import Output


@dataclass(frozen=True)
class AuditFilter:
    """Empty: any. `since` and `until` are compared as text, in the form that entries have."""

    service: str | None = None
    user_id: str | None = None
    method: str | None = None
    verb: str | None = None
    resource: str | None = None
    cluster_id: str | None = None
    decision: Verdict | None = None
    since: str | None = None
    until: str | None = None


class AuditRecord(Output):
    """An entry with its place in the chain. Hashes in hexadecimal."""

    seq: int
    previous_hash: str
    hash: str
    entry: dict[str, Any] = Field(description="An AuditEntry; kept as it was hashed")


class AuditAnchor(Output):
    """Entries up to `seq` were removed when they had become old; the last one had this hash."""

    seq: int
    hash: str


class AuditHead(Output):
    """The ends of the chain: the first entry follows the anchor (or nothing), the last one has the head's hash."""

    seq: int = Field(description="Number of the newest entry; 0: there is none")
    hash: str
    anchor: AuditAnchor | None = Field(description="What the oldest entry that is left follows")
