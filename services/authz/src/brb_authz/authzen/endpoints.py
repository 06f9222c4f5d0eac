"""AuthZEN's endpoints: evaluation, evaluations, the three searches, and the metadata. Errors are 400, as it demands."""

from collections.abc import Sequence
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from pydantic import BaseModel, ValidationError

from brb_authz import repository
from brb_authz.authzen.evaluation import evaluate, evaluate_all, merged, sentence
from brb_authz.authzen.mapping import actor_of, place_of
from brb_authz.authzen.schemas import (
    ActionSearch,
    Evaluation,
    Evaluations,
    PageRequest,
    ResourceSearch,
    Subject,
    SubjectSearch,
)
from brb_authz.authzen.search import find_actions, find_resources, find_subjects
from brb_authz.decisions.endpoints import AskedBy, Decisions
from brb_authz.decisions.service import Asker
from brb_authz.paging import decode_token, encode_token
from brb_authz.settings import Settings
from brb_shared.access.index import Index
from brb_shared.access.model import NOBODY, Place
from brb_shared.database import Database
from brb_shared.http import Problem, problem_responses

router = APIRouter(prefix="/access/v1", tags=["AuthZEN"])
metadata = APIRouter(tags=["AuthZEN"])

Model = TypeVar("Model", bound=BaseModel)
_PROBLEMS = problem_responses(400, 401, 403, 503)
_WELL_KNOWN = "/.well-known/authzen-configuration"


@router.post("/evaluation", responses=_PROBLEMS)
async def evaluation(request: Request, asked_by: AskedBy, decisions: Decisions) -> dict[str, Any]:
    asked = await _parse(request, Evaluation)
    index = await decisions.index()
    return _evaluated(index, asked_by, asked)


@router.post("/evaluations", responses=_PROBLEMS)
async def evaluations(request: Request, asked_by: AskedBy, decisions: Decisions) -> dict[str, Any]:
    """Without `evaluations` it is a single evaluation."""
    asked = await _parse(request, Evaluations)
    index = await decisions.index()
    if not asked.evaluations:
        return _evaluated(index, asked_by, _validated(Evaluation, merged(asked, {})))
    for one in asked.evaluations:
        _require_about_item(index, asked_by, merged(asked, one))
    return {"evaluations": evaluate_all(index, asked)}


@router.post("/search/subject", responses=_PROBLEMS)
async def search_subject(request: Request, asked_by: AskedBy, decisions: Decisions) -> dict[str, Any]:
    asked = await _parse(request, SubjectSearch)
    index = await decisions.index()
    asked_by.require_about(index, NOBODY, place_of(asked.resource.properties))
    return _paged(find_subjects(index, asked), asked.page, "id")


@router.post("/search/resource", responses=_PROBLEMS)
async def search_resource(request: Request, asked_by: AskedBy, decisions: Decisions) -> dict[str, Any]:
    asked = await _parse(request, ResourceSearch)
    index = await decisions.index()
    place = place_of(asked.resource.properties)
    _require_about(index, asked_by, asked.subject, place)
    database: Database = request.app.state.database
    async with database.sessions() as session:
        known = await repository.known_ids(session, asked.resource.type, place.cluster_id)
    return _paged(find_resources(index, asked, known), asked.page, "id")


@router.post("/search/action", responses=_PROBLEMS)
async def search_action(request: Request, asked_by: AskedBy, decisions: Decisions) -> dict[str, Any]:
    asked = await _parse(request, ActionSearch)
    index = await decisions.index()
    _require_about(index, asked_by, asked.subject, place_of(asked.resource.properties))
    return _paged(find_actions(index, asked), asked.page, "name")


@metadata.get(_WELL_KNOWN)
async def configuration(request: Request) -> dict[str, str]:
    """Where the endpoints are. Source: AuthZEN Authorization API 1.0, "Policy Decision Point Metadata"."""
    settings: Settings = request.app.state.settings
    base = settings.public_url.rstrip("/")
    return {
        "policy_decision_point": base,
        "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
        "search_subject_endpoint": f"{base}/access/v1/search/subject",
        "search_resource_endpoint": f"{base}/access/v1/search/resource",
        "search_action_endpoint": f"{base}/access/v1/search/action",
    }


def _evaluated(index: Index, asked_by: Asker, asked: Evaluation) -> dict[str, Any]:
    _require_about(index, asked_by, asked.subject, place_of(asked.resource.properties))
    return evaluate(index, asked)


def _require_about(index: Index, asked_by: Asker, subject: Subject, place: Place) -> None:
    actor = actor_of(subject.type, subject.id, subject.properties)
    asked_by.require_about(index, actor or NOBODY, place)


def _require_about_item(index: Index, asked_by: Asker, item: dict[str, Any]) -> None:
    """An item that is no evaluation is denied by itself and tells nothing."""
    try:
        asked = Evaluation.model_validate(item)
    except ValidationError:
        return
    _require_about(index, asked_by, asked.subject, place_of(asked.resource.properties))


async def _parse(request: Request, model: type[Model]) -> Model:
    """Raises Problem 400."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise _bad("Send the request as application/json")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        raise _bad(sentence(error)) from error


def _validated(model: type[Model], document: dict[str, Any]) -> Model:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise _bad(sentence(error)) from error


def _after(token: str) -> str:
    try:
        return decode_token(token or None) or ""
    except Problem as problem:
        raise _bad("page.token is not a token of ours") from problem


def _bad(detail: str) -> Problem:
    return Problem(400, "invalid_request", detail, user_fixable=True)


def _paged(results: Sequence[dict[str, Any]], page: PageRequest, key: str) -> dict[str, Any]:
    after = _after(page.token)
    left = [result for result in results if result[key] > after]
    shown = left[: page.limit]
    token = encode_token(shown[-1][key]) if len(left) > len(shown) else ""
    return {"results": shown, "page": {"next_token": token, "count": len(shown), "total": len(results)}}
