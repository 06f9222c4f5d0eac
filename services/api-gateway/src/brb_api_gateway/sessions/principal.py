"""Who is signed in."""

from dataclasses import dataclass
from datetime import datetime

from brb_api_gateway.tokens.scope import EVERYTHING, TokenScope
from brb_shared.access.model import AUTHENTICATED, Actor
from brb_shared.contracts.audit import AuditUser
from brb_shared.contracts.ids import CloudId, ProjectId, UserId

FOR_MACHINES = "api_token"  # a method, beside Keystone's "password" and "application_credential"


@dataclass(frozen=True)
class Tenant:
    """A Keystone project of a cloud: the boundary of what is visible."""

    cloud: CloudId
    project_id: ProjectId


@dataclass(frozen=True)
class Principal:
    """`session_id` is an API token's id where `method` is FOR_MACHINES. A session's `scope` is everything."""

    session_id: str
    user_id: UserId
    user_name: str
    project_name: str
    tenant: Tenant
    method: str
    created_at: datetime
    expires_at: datetime
    scope: TokenScope = EVERYTHING

    @property
    def tenant_group(self) -> str:
        """Everybody who signs in to the same Keystone project."""
        return f"keystone:{self.tenant.cloud}:{self.tenant.project_id}"

    @property
    def actor(self) -> Actor:
        """As authz knows the caller."""
        return Actor(self.user_id, (AUTHENTICATED, self.tenant_group))

    @property
    def audit_user(self) -> AuditUser:
        """As the audit log knows the caller."""
        return AuditUser(id=self.user_id, name=self.user_name, groups=(self.tenant_group,))
