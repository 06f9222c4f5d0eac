"""Errors as RFC 9457 problem documents."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class FieldError(BaseModel):
    pointer: str = Field(description="JSON pointer (RFC 6901) into the request's body, or the parameter's name")
    detail: str


class ProblemDocument(BaseModel):
    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="What is wrong, and what to do")
    code: str = Field(description="For machines; stable")
    errors: list[FieldError] = []
    user_fixable: bool = False
    request_id: str = ""


class Problem(Exception):
    """Raised anywhere below a route; becomes an application/problem+json answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        title: str | None = None,
        errors: Sequence[FieldError] = (),
        user_fixable: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.headers = dict(headers or {})
        self.document = ProblemDocument(
            title=title or HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            code=code,
            errors=list(errors),
            user_fixable=user_fixable,
        )


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses=` for the problems that a route declares."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "model": ProblemDocument, "content": content}
        for status in statuses
    }


def invalid_request(found: Iterable[Any]) -> Problem:
    """`found`: the errors of FastAPI or pydantic, whose `loc` begins with where the value was."""
    fields = [FieldError(pointer=_pointer(item["loc"]), detail=item["msg"]) for item in found]
    detail = "; ".join(f"{field.pointer}: {field.detail}" for field in fields)
    return Problem(422, "invalid_request", detail, errors=fields, user_fixable=True)


def install_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)


def problem_response(request: Request, problem: Problem) -> JSONResponse:
    request_id = getattr(request.state, "request_id", "")
    document = problem.document.model_copy(update={"request_id": request_id})
    return JSONResponse(
        document.model_dump(mode="json"),
        status_code=document.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )


async def _on_problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return problem_response(request, error)


async def _on_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem_response(request, invalid_request(error.errors()))


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).name.lower()
    return problem_response(request, Problem(error.status_code, code, str(error.detail), headers=error.headers))


def _pointer(location: Sequence[str | int]) -> str:
    place, *path = location
    if place == "body":
        return "/" + "/".join(str(part) for part in path)
    return str(path[-1]) if path else str(place)
