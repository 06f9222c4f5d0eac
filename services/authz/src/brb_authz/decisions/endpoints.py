"""Questions: reviews, what can I do, who can. POSTs that only ask; none of them is recorded."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request, Response

from brb_authz.acting import AnyService
from brb_authz.decisions.service import Asker, DecisionService
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
from brb_shared.http import problem_responses
from brb_shared.http.access_api import Explain, MinRevision
from brb_shared.http.audit import recorder_of

router = APIRouter(prefix="/internal/v1", tags=["decisions"])


async def decision_service(request: Request) -> DecisionService:
    service: DecisionService = request.app.state.decisions
    return service


async def asker(request: Request, caller: AnyService) -> Asker:
    recorder_of(request).is_read = True
    return Asker(caller)


Decisions = Annotated[DecisionService, Depends(decision_service)]
AskedBy = Annotated[Asker, Depends(asker)]
_PROBLEMS = problem_responses(401, 403, 422, 503)


@router.post("/access-reviews", response_model=ReviewAnswer | ReviewAnswers, responses=_PROBLEMS)
async def create_access_review(
    body: Annotated[Review | ReviewBatch, Body()],
    asked_by: AskedBy,
    decisions: Decisions,
    explain: Explain = False,
    min_revision: MinRevision = 0,
) -> Response:
    """One question, or `reviews` with many, which are answered at one revision and in their order."""
    answer: ReviewAnswer | ReviewAnswers
    match body:
        case ReviewBatch():
            answer = await decisions.reviews(asked_by, body, explained=explain, min_revision=min_revision)
        case Review():
            answer = await decisions.review(asked_by, body, explained=explain, min_revision=min_revision)
    return Response(answer.model_dump_json(), media_type="application/json")  # not validated once more


@router.post("/access-rules", responses=_PROBLEMS)
async def list_access_rules(
    body: RulesQuestion, asked_by: AskedBy, decisions: Decisions, min_revision: MinRevision = 0
) -> RulesAnswer:
    """What the acting user (or `actor`) may do at a place, as rules."""
    return await decisions.rules(asked_by, body.actor, body.place.place(), min_revision)


@router.post("/access-subjects", responses=_PROBLEMS)
async def list_access_subjects(
    body: WhoQuestion, asked_by: AskedBy, decisions: Decisions, min_revision: MinRevision = 0
) -> WhoAnswer:
    """Who may do that. Needs `list members` at the place."""
    return await decisions.who(asked_by, body, min_revision)
