"""Reviews and the audit log, passed on to authz: what only asks."""

from typing import Annotated

from fastapi import Body, Depends
from fastapi.responses import StreamingResponse

from brb_api_gateway.access import Resource, Verb
from brb_api_gateway.authorization.passing import passes, passing_router
from brb_shared.contracts.access_api.audit import AuditFilter, AuditHead, AuditRecord
from brb_shared.contracts.access_api.reviews import (
    Review,
    ReviewAnswer,
    ReviewAnswers,
    ReviewBatch,
    RulesAnswer,
    RulesQuestion,
    WhoAnswer,
    WhoQuestion,
)
from brb_shared.contracts.bodies import Page
from brb_shared.http.access_api import EXPORTED, Explain, MinRevision, OldestFirst, audit_filter
from brb_shared.http.parameters import PageSize, PageToken

router = passing_router()

Wanted = Annotated[AuditFilter, Depends(audit_filter)]


@router.post(
    "/access-reviews",
    response_model=ReviewAnswer | ReviewAnswers,
    summary="May somebody do something, and why",
    **passes(Verb.CREATE, Resource.ACCESS_REVIEWS),
)
def create_access_review(
    body: Annotated[Review | ReviewBatch, Body()], explain: Explain = False, min_revision: MinRevision = 0
) -> None:
    """One question, or `reviews` with many, which are answered at one revision and in their order.

    403: about others only those may ask who may list the members there.
    """


@router.post(
    "/access-rules",
    response_model=RulesAnswer,
    summary="What can I do",
    **passes(Verb.CREATE, Resource.ACCESS_REVIEWS),
)
def list_access_rules(body: RulesQuestion, min_revision: MinRevision = 0) -> None:
    """What you (or `actor`) may do at a place, as rules."""


@router.post(
    "/access-subjects",
    response_model=WhoAnswer,
    summary="Who can do something",
    **passes(Verb.CREATE, Resource.ACCESS_REVIEWS),
)
def list_access_subjects(body: WhoQuestion, min_revision: MinRevision = 0) -> None:
    """Needs `list members` at the place. A group stands for all its members."""


@router.get(
    "/audit-log",
    response_model=Page[AuditRecord],
    summary="The audit log",
    **passes(Verb.LIST, Resource.AUDIT_LOGS),
)
def list_audit_entries(
    wanted: Wanted, oldest_first: OldestFirst = False, page_size: PageSize = 100, page_token: PageToken = None
) -> None:
    """Newest first. Needs `list auditlogs` on the platform, or in the cluster that is asked for."""


@router.get(
    "/audit-log/head",
    response_model=AuditHead,
    summary="Both ends of the audit log's chain",
    **passes(Verb.LIST, Resource.AUDIT_LOGS),
)
def get_audit_head() -> None:
    """For verifying it: the first entry follows the anchor (or nothing), the last one has the head's hash."""


@router.get(
    "/audit-log/export",
    response_class=StreamingResponse,
    response_model=None,
    summary="The audit log as JSON lines",
    **passes(Verb.LIST, Resource.AUDIT_LOGS, answers=EXPORTED),
)
def export_audit_log(wanted: Wanted) -> None:
    """Oldest first: a line with the head, then one for each entry with its place in the chain."""
