"""Routes by which the gateway tells of disabled users."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, status

from brb_authz.acting import GatewayOnly
from brb_authz.subjects.service import DisabledSubjects
from brb_shared.contracts.audit import AuditTarget
from brb_shared.http import problem_responses
from brb_shared.http.audit import recorder_of

router = APIRouter(prefix="/internal/v1/disabled-subjects", tags=["internal"])


def _service(request: Request) -> DisabledSubjects:
    service: DisabledSubjects = request.app.state.disabled_subjects
    return service


Subjects = Annotated[DisabledSubjects, Depends(_service)]
UserId = Annotated[str, Path(min_length=1, max_length=512)]


@router.put("/{user_id:path}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(401, 403, 422, 503))
async def put_disabled_subject(user_id: UserId, caller: GatewayOnly, subjects: Subjects, request: Request) -> None:
    """The user holds nothing inside clusters from now on. Repeated, it changes nothing."""
    _record(request, "disable", user_id)
    await subjects.put(user_id)


@router.delete(
    "/{user_id:path}", status_code=status.HTTP_204_NO_CONTENT, responses=problem_responses(401, 403, 422, 503)
)
async def delete_disabled_subject(user_id: UserId, caller: GatewayOnly, subjects: Subjects, request: Request) -> None:
    """The user holds again what his bindings give. Repeated, it changes nothing."""
    _record(request, "enable", user_id)
    await subjects.remove(user_id)


def _record(request: Request, verb: str, user_id: str) -> None:
    recorder_of(request).target = AuditTarget(verb=verb, resource="users", id=user_id)
