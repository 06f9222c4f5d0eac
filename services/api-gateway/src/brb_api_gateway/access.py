"""Who may do what: every route declares its verb and resource here, and lets in only whom the declaration allows.

Roles decide (`authorization/`). What is in a cluster is decided there: a new one is owned by the members of its
Keystone project. The rest is decided at the platform, and its rows are found only by the project or user that they
belong to. Users and identity providers are for the platform's administrators. A session of one's own needs no role:
everybody may sign out. What a caller may not see answers 404, what he sees and may
not do 403 with the reason. While it is not certain who may do what, nobody is let in (503).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Request

from brb_api_gateway.authorization.authz import Decisions
from brb_api_gateway.authorization.deciding import at_platform, in_cluster, require
from brb_api_gateway.sessions.principal import Principal, Tenant
from brb_api_gateway.sessions.service import SessionService
from brb_shared.contracts.audit import AuditTarget
from brb_shared.http import Problem, problem_responses
from brb_shared.http.audit import Recorder, recorder_of


class Verb(StrEnum):
    GET = "get"
    LIST = "list"
    WATCH = "watch"
    CREATE = "create"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"


class Resource(StrEnum):
    """`a/b` is the sub-resource b of a."""

    SESSIONS = "sessions"
    CLOUD_PROJECTS = "sessions/cloud-project"
    SIGN_IN_CHOICES = "signinchoices"
    USERS = "users"
    IDENTITY_PROVIDERS = "identityproviders"
    API_TOKENS = "apitokens"
    CLOUDS = "clouds"
    CHOICES = "clouds/choices"
    CREDENTIALS = "credentials"
    CREDENTIAL_SECRETS = "credentials/secret"
    CLUSTERS = "clusters"
    CLUSTER_EVENTS = "clusters/events"
    KUBECONFIGS = "clusters/kubeconfigs"
    SERVICE_ACCESSES = "clusters/service-accesses"
    RUNS = "clusters/runs"
    RESOURCES = "clusters/resources"
    RETRIES = "clusters/retries"
    DELETION_REPORTS = "clusters/deletion-report"
    ZONES = "zones"
    DNS_RECORDS = "dnsrecords"
    DNS_KEYS = "dnskeys"
    CERTIFICATES = "certificates"
    ROLES = "roles"
    MEMBERS = "members"
    PROJECTS = "projects"
    NAMESPACES = "namespaces"
    ACCESS_REVIEWS = "accessreviews"
    AUDIT_LOGS = "auditlogs"
    WEBHOOKS = "webhooks"
    WEBHOOK_DELIVERIES = "webhooks/deliveries"


EXTENSION = "x-brb-access"
_OWN_SESSION = frozenset({Resource.SESSIONS, Resource.CLOUD_PROJECTS})
_SHOWN_AS_FAR_AS_SEEN = frozenset({(Verb.LIST, Resource.CLUSTERS), (Verb.WATCH, Resource.CLUSTERS)})
_DECIDED_BY_AUTHZ = frozenset(
    {
        Resource.ROLES,
        Resource.MEMBERS,
        Resource.PROJECTS,
        Resource.NAMESPACES,
        Resource.ACCESS_REVIEWS,
        Resource.AUDIT_LOGS,
    }
)
"""Their routes are passed on to authz, which decides by the project, role or scope that they are about."""
_RECORDS = frozenset({Resource.CLUSTER_EVENTS, Resource.DELETION_REPORTS})


class Records(Protocol):
    async def is_record_of(self, tenant: Tenant, cluster_id: str) -> bool: ...


@dataclass(frozen=True)
class Access:
    """What a route declares; as a dependency it lets in whom the declaration allows."""

    verb: Verb
    resource: Resource

    async def __call__(self, request: Request) -> Principal:
        """Raises Problem 401, 403 where the caller may not or his API token does not reach, 404, or 503."""
        principal = await _current(request)
        recorder = recorder_of(request)
        recorder.user = principal.audit_user
        recorder.target = AuditTarget(verb=self.verb, resource=self.resource)
        if not principal.scope.allows(self.verb, self.resource):
            detail = f"The API token does not reach {self.verb} of {self.resource}; make one that does"
            raise Problem(403, "token_scope", detail, user_fixable=True)
        await self._decide(request, principal, recorder)
        return principal

    async def _decide(self, request: Request, principal: Principal, recorder: Recorder) -> None:
        if self.resource in _DECIDED_BY_AUTHZ:
            return
        decisions: Decisions = request.app.state.decisions
        cluster_id = request.path_params.get("cluster_id")
        if cluster_id is not None:
            if not await self._is_own_record(request, principal, cluster_id):
                asked = in_cluster(principal, self.verb, self.resource, cluster_id)
                await require(decisions, asked, recorder)
        elif self.resource not in _OWN_SESSION and (self.verb, self.resource) not in _SHOWN_AS_FAR_AS_SEEN:
            await require(decisions, at_platform(principal, self.verb, self.resource), recorder)

    async def _is_own_record(self, request: Request, principal: Principal, cluster_id: str) -> bool:
        """What is kept of a cluster that is gone is for the project it was of: nobody holds anything in it any more."""
        if self.resource not in _RECORDS:
            return False
        clusters: Records = request.app.state.clusters
        return principal.tenant is not None and await clusters.is_record_of(principal.tenant, cluster_id)


def declares(verb: Verb, resource: Resource, *problems: int, public: bool = False) -> dict[str, Any]:
    """A route's verb, resource and problems, as keyword arguments of FastAPI's decorators.

    `public`: open to those who have not signed in.
    """
    always = (422, 503) if public else (401, 403, 422, 503)
    return {
        "responses": problem_responses(*sorted({*always, *problems})),
        "openapi_extra": {EXTENSION: {"verb": verb.value, "resource": resource.value}},
        "dependencies": [] if public else [Depends(Access(verb, resource))],
    }


def router(prefix: str, tag: str, *, in_schema: bool = True) -> APIRouter:
    """Operation ids are the functions' names: generated clients read well."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        include_in_schema=in_schema,
        generate_unique_id_function=lambda route: route.name,
    )


async def _current(request: Request) -> Principal:
    sessions: SessionService = request.app.state.sessions
    return await sessions.authenticate(request)


SignedIn = Annotated[Principal, Depends(_current)]
