"""A key as the service sees it; the secret is only opened to verify and to sign."""

from dataclasses import dataclass
from datetime import datetime

from brb_dns.records.values import RecordType
from brb_shared.contracts.tenant import Tenant

ALGORITHM = "hmac-sha256"
"""The one every implementation must have. Source: RFC 8945, section 6."""


@dataclass(frozen=True)
class Rights:
    """`names`: what it may change lies at or below one of them. `types`: of these only."""

    names: tuple[str, ...]
    types: tuple[RecordType, ...]
    may_transfer: bool = False

    def covers(self, name: str) -> bool:
        return any(name == allowed or name.endswith(f".{allowed}") for allowed in self.names)


@dataclass(frozen=True)
class DnsKey:
    """`id` is its name on the wire. `tenant` None: the operator's, which sees all records."""

    id: str
    tenant: Tenant | None
    rights: Rights
    description: str
    created_by: str | None
    created_at: datetime
    last_used_at: datetime | None
