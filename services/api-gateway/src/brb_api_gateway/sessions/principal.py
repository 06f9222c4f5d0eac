"""Who is signed in."""

from dataclasses import dataclass
from datetime import datetime

from brb_api_gateway.tokens.scope import EVERYTHING, TokenScope
from brb_shared.access.model import AUTHENTICATED, Actor
from brb_shared.contracts.audit import AuditUser
from brb_shared.contracts.ids import CloudId, ProjectId, UserId
from brb_shared.http import Problem

FOR_MACHINES = "api_token"  # methods beside Keystone's "password" and "application_credential"
OIDC = "oidc"
BREAK_GLASS = "break_glass"

_HOUR_SECONDS, _DAY_SECONDS = 3_600, 86_400


@dataclass(frozen=True)
class Tenant:
    """A Keystone project of a cloud: the boundary of what is visible."""

    cloud: CloudId
    project_id: ProjectId

    @property
    def group(self) -> str:
        """Everybody who signs in to this project."""
        return f"keystone:{self.cloud}:{self.project_id}"


@dataclass(frozen=True)
class Principal:
    """`session_id` is an API token's id where `method` is FOR_MACHINES. A session's `scope` is everything.

    Who signed in elsewhere than in Keystone has no `tenant` until he attaches one. `cloud_user_id` is the user as whom
    Keystone knows the session. `user_groups`: as the identity provider told at the user's last sign-in.
    """

    session_id: str
    user_id: UserId
    user_name: str
    identity_provider: str
    method: str
    created_at: datetime
    expires_at: datetime
    tenant: Tenant | None = None
    project_name: str = ""
    cloud_user_id: str = ""
    user_groups: tuple[str, ...] = ()
    scope: TokenScope = EVERYTHING

    def require_tenant(self) -> Tenant:
        """The project in which the cloud is asked. Raises Problem 409."""
        if self.tenant is None:
            raise _no_cloud_project()
        return self.tenant

    @property
    def groups(self) -> tuple[str, ...]:
        own = (self.tenant.group,) if self.tenant is not None else ()
        return (AUTHENTICATED, *own, *self.user_groups)

    @property
    def longest_certificate_seconds(self) -> int:
        """Of a kubeconfig: what was opened for an emergency closes after an hour."""
        return _HOUR_SECONDS if self.method == BREAK_GLASS else _DAY_SECONDS

    @property
    def actor(self) -> Actor:
        """As authz knows the caller."""
        return Actor(self.user_id, self.groups)

    @property
    def audit_user(self) -> AuditUser:
        """As the audit log knows the caller."""
        return AuditUser(id=self.user_id, name=self.user_name, groups=self.groups[1:])


def tenant_of(cloud: str | None, project_id: str | None) -> Tenant | None:
    """From the columns of a row."""
    return Tenant(CloudId(cloud), ProjectId(project_id)) if cloud and project_id else None


def _no_cloud_project() -> Problem:
    detail = (
        "This needs a project in a cloud, and your session has none: sign in with Keystone, or attach an application "
        "credential at PUT /v1/sessions/current/cloud-project"
    )
    return Problem(409, "no_cloud_project", detail, user_fixable=True)
