"""Who is signed in."""

from dataclasses import dataclass
from datetime import datetime

from brb_shared.contracts.ids import CloudId, ProjectId, UserId


@dataclass(frozen=True)
class Tenant:
    """A Keystone project of a cloud: the boundary of what is visible."""

    cloud: CloudId
    project_id: ProjectId


@dataclass(frozen=True)
class Principal:
    session_id: str
    user_id: UserId
    user_name: str
    project_name: str
    tenant: Tenant
    method: str
    created_at: datetime
    expires_at: datetime
