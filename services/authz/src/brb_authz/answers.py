"""How answers leave that are not the object itself."""

from fastapi import Response

from brb_shared.contracts.access_api.roles import PlanView


def plan_answer(plan: PlanView) -> Response:
    """200, also where the change itself would answer 201 or 204."""
    return Response(plan.model_dump_json(), media_type="application/json")


def removal_answer(plan: PlanView | None) -> Response:
    """None: it was no dry run, and it is gone."""
    return Response(status_code=204) if plan is None else plan_answer(plan)
