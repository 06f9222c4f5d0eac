"""Evaluations, one or many. Pure, over an index."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from brb_authz.authzen.mapping import actor_of, requests_of
from brb_authz.authzen.schemas import Evaluation, Evaluations, Semantic
from brb_shared.access.decisions import Decision, decide
from brb_shared.access.index import Index

_REQUIRED = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}


def evaluate(index: Index, asked: Evaluation) -> dict[str, Any]:
    """{decision, context {reason, revision}}."""
    actor = actor_of(asked.subject.type, asked.subject.id, asked.subject.properties)
    if actor is None:
        return _answer(Decision(False, False, f"There are no subjects of type {asked.subject.type}", index.revision))
    resource = asked.resource
    requests = list(requests_of(actor, asked.action, resource.type, resource.id, resource.properties))
    allowed = next((request for request in requests if index.check(request)), requests[0])
    return _answer(decide(index, allowed))


def evaluate_all(index: Index, asked: Evaluations) -> list[dict[str, Any]]:
    """In order; with another semantic than `execute_all` it ends at the first that decides the whole."""
    answers = []
    for one in asked.evaluations:
        answers.append(_evaluate_item(index, asked, one))
        decision = answers[-1]["decision"]
        match asked.options.evaluations_semantic:
            case Semantic.DENY_ON_FIRST_DENY if not decision:
                break
            case Semantic.PERMIT_ON_FIRST_PERMIT if decision:
                break
    return answers


def merged(asked: Evaluations, one: dict[str, Any]) -> dict[str, Any]:
    """An entity of its own replaces the default whole; only what it must have and lacks comes from the default."""
    return dict(_merged_entities(asked, one)) | {"context": one.get("context", asked.context)}


def _merged_entities(asked: Evaluations, one: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, required in _REQUIRED.items():
        default: dict[str, Any] = getattr(asked, name)
        own = one.get(name)
        if own is None:
            yield name, default
        elif isinstance(own, dict):
            yield name, {field: default[field] for field in required if field in default} | own
        else:
            yield name, own


def _evaluate_item(index: Index, asked: Evaluations, one: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with one evaluation denies that one."""
    try:
        evaluation = Evaluation.model_validate(merged(asked, one))
    except ValidationError as error:
        return {"decision": False, "context": {"error": {"status": 400, "message": sentence(error)}}}
    return evaluate(index, evaluation)


def sentence(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())


def _answer(decision: Decision) -> dict[str, Any]:
    return {"decision": decision.allowed, "context": {"reason": decision.reason, "revision": decision.revision}}
