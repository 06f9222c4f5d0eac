"""Parameters and answers of the access API's routes: authz reads and gives them, the gateway declares the same.

Bodies are in `brb_shared.contracts.access_api`.
"""

from typing import Annotated, Any

from fastapi import Header, Query

from brb_shared.access.model import Context, SubjectKind
from brb_shared.contracts.access_api.audit import AuditFilter
from brb_shared.contracts.access_api.roles import PlanView
from brb_shared.contracts.audit import Verdict

MERGE_PATCH = "application/merge-patch+json"

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="A repeated request with the same key and body is answered as the first one (for 24 hours)",
    ),
]
ValidateOnly = Annotated[bool, Query(description="Change nothing; answer who would gain and lose what: a PlanView")]
Explain = Annotated[bool, Query(description="Say by which rule of which role, or what would be needed")]
MinRevision = Annotated[
    int, Query(ge=0, description="Answer from this revision of the access world or a later one, else 503")
]
OldestFirst = Annotated[bool, Query(description="In the order of the chain; default: newest first")]

OfContext = Annotated[Context | None, Query(description="Only roles for such scopes")]
OfSubjectKind = Annotated[SubjectKind | None, Query(description="With subject_id: all bindings of a subject")]
OfSubjectId = Annotated[str | None, Query(max_length=253, description="With subject_kind: all bindings of a subject")]
AtCluster = Annotated[str, Query(max_length=253, description="Those made at this cluster")]
AtProject = Annotated[str, Query(max_length=253, description="Those made at this project")]
AtNamespace = Annotated[str, Query(max_length=253, description="With cluster_id: those made at this namespace")]
InCluster = Annotated[str, Query(max_length=253, description="Those of this cluster")]
InProject = Annotated[str | None, Query(max_length=253, description="Only those of this project")]

Answers = dict[int | str, dict[str, Any]]
"""FastAPI's `responses=`."""

_ETAG = {"ETag": {"description": "The generation, for If-Match", "schema": {"type": "string"}}}
_LOCATION = {"Location": {"description": "Its address", "schema": {"type": "string"}}}
WITH_ETAG: Answers = {200: {"description": "OK", "headers": _ETAG}}
CREATED: Answers = {201: {"description": "Created", "headers": {**_ETAG, **_LOCATION}}}
PLANNED: Answers = {200: {"description": "The plan (`validate_only=true`); nothing was changed", "model": PlanView}}
EXPORTED: Answers = {
    200: {
        "description": "JSON lines: first the head, then each entry with its place in the chain",
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}

_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{1,15}Z?)?$"


def audit_filter(
    service: Annotated[str | None, Query(max_length=64, description="Only what this service saw")] = None,
    user_id: Annotated[str | None, Query(max_length=253, description="Only what this user did")] = None,
    method: Annotated[str | None, Query(max_length=10, description="Only requests of this HTTP method")] = None,
    verb: Annotated[str | None, Query(max_length=64, description="Only this verb, such as delete")] = None,
    resource: Annotated[str | None, Query(max_length=253, description="Only this resource, such as clusters")] = None,
    cluster_id: Annotated[str | None, Query(max_length=253, description="Only what concerns this cluster")] = None,
    decision: Annotated[Verdict | None, Query(description="Only what was decided so")] = None,
    since: Annotated[str | None, Query(pattern=_TIME, description="UTC, from this time on")] = None,
    until: Annotated[str | None, Query(pattern=_TIME, description="UTC, before this time")] = None,
) -> AuditFilter:
    return AuditFilter(service, user_id, method, verb, resource, cluster_id, decision, since, until)
