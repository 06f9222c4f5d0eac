"""Questions: reviews, what can I do, who can. POSTs that only ask; none of them is recorded."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Query, Request

from brb_authz.acting import AnyService
from brb_authz.decisions.schemas import (
    ActorInput,
    PlaceInput,
    Review,
    ReviewAnswer,
    ReviewAnswers,
    ReviewBatch,
    RulesAnswer,
    WhoAnswer,
    WhoQuestion,
)
from brb_authz.decisions.service import Asker, DecisionService
from brb_authz.schemas import Input
from brb_shared.http import problem_responses
from brb_shared.http.audit import recorder_of

router = APIRouter(prefix="/internal/v1", tags=["decisions"])


def decision_service(request: Request) -> DecisionService:
    service: DecisionService = request.app.state.decisions
    return service


def asker(request: Request, caller: AnyService) -> Asker:
    recorder_of(request).is_read = True
    return Asker(caller)


Decisions = Annotated[DecisionService, Depends(decision_service)]
AskedBy = Annotated[Asker, Depends(asker)]
MinRevision = Annotated[
    int, Query(ge=0, description="Answer from this revision of the access world or a later one, else 503")
]
_PROBLEMS = problem_responses(401, 403, 422, 503)


class RulesQuestion(Input):
    """What may he do here?"""

    actor: ActorInput | None = None
    place: PlaceInput = PlaceInput()


@router.post("/access-reviews", response_model=ReviewAnswer | ReviewAnswers, responses=_PROBLEMS)
async def create_access_review(
    body: Annotated[Review | ReviewBatch, Body()],
    asked_by: AskedBy,
    decisions: Decisions,
    explain: Annotated[bool, Query(description="Say by which rule of which role, or what would be needed")] = False,
    min_revision: MinRevision = 0,
) -> Any:
    """One question, or `reviews` with many, which are answered at one revision and in their order."""
    match body:
        case ReviewBatch():
            return await decisions.reviews(asked_by, body, explained=explain, min_revision=min_revision)
        case Review():
            return await decisions.review(asked_by, body, explained=explain, min_revision=min_revision)


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
