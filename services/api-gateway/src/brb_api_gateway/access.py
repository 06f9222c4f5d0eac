"""Who may do what: every route declares its verb and resource here, and lets in only whom the declaration allows.

Until the authz service exists the rule is: the members of a Keystone project may do everything with what belongs to
that project, and see nothing else. What a caller may not see answers 404, never 403.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from brb_api_gateway.sessions.principal import Principal
from brb_api_gateway.sessions.service import SessionService
from brb_shared.http import problem_responses


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
    CLOUDS = "clouds"
    CHOICES = "clouds/choices"
    CREDENTIALS = "credentials"
    CREDENTIAL_SECRETS = "credentials/secret"
    CLUSTERS = "clusters"
    CLUSTER_EVENTS = "clusters/events"
    KUBECONFIGS = "clusters/kubeconfigs"
    RUNS = "clusters/runs"
    RETRIES = "clusters/retries"
    DELETION_REPORTS = "clusters/deletion-report"
    WEBHOOKS = "webhooks"
    WEBHOOK_DELIVERIES = "webhooks/deliveries"


EXTENSION = "x-brb-access"


@dataclass(frozen=True)
class Access:
    """What a route declares; as a dependency it lets in whom the declaration allows."""

    verb: Verb
    resource: Resource

    async def __call__(self, request: Request) -> Principal:
        """Raises Problem 401. The project's boundary is drawn where the rows are read, by `Principal.tenant`."""
        return await _current(request)


def declares(verb: Verb, resource: Resource, *problems: int, public: bool = False) -> dict[str, Any]:
    """A route's verb, resource and problems, as keyword arguments of FastAPI's decorators.

    `public`: open to those who have not signed in.
    """
    always = (422, 503) if public else (401, 422, 503)
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
