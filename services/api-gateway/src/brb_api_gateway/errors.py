"""The problems that the API answers with. Foreign errors became ours in the adapters; here they become problems.

Problem (brb_shared.http)
├── 401 not_signed_in, sign_in_refused
├── 403 not_allowed, cross_site, break_glass_off
├── 403 user_disabled, identity_provider_disabled, user_of_another_provider   who may not sign in
├── 403 sign_in_of_another_browser      and the problems of oidc/errors.py
├── 403 name_not_yours                  passed on from dns, as 404 no_zone, 409 record_conflict and 422 invalid_record
├── 404 not_found                       also what the caller may not see
├── 409 name_taken, deletion_protected, deleting, in_use, not_initialized
├── 409 no_cloud_project, project_is_keystones, own_user, own_identity_provider, not_removable, id_was_used
├── 410 history_gone
├── 412 changed_meanwhile / 428 if_match_missing
├── 422 invalid_request, project_needed, idempotency_key_reused, page_token_invalid
├── 502 installer_failed, dns_failed
└── 503 cloud_unavailable, installer_unavailable, dns_unavailable
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus

import asyncpg
import structlog
from fastapi import Request, Response
from sqlalchemy.exc import InterfaceError, OperationalError

from brb_api_gateway.openstack.cloud import (
    CloudError,
    CloudUnavailable,
    NotAllowed,
    NotThere,
    ProjectNeeded,
    SignInRefused,
)
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.http import FieldError, Problem
from brb_shared.http.problems import problem_response

log = structlog.get_logger()

DATABASE_DOWN = (InterfaceError, OperationalError, asyncpg.PostgresConnectionError, ConnectionError, TimeoutError)
"""What a request meets while PostgreSQL is away or starts."""


def not_signed_in(detail: str = "Sign in at POST /v1/sessions, then send the token as a bearer token") -> Problem:
    return Problem(401, "not_signed_in", detail, user_fixable=True, headers={"WWW-Authenticate": "Bearer"})


def sign_in_refused(detail: str) -> Problem:
    return Problem(401, "sign_in_refused", detail, user_fixable=True)


def not_found(what: str) -> Problem:
    return Problem(404, "not_found", f"There is no such {what} in your project", user_fixable=True)


def conflict(code: str, detail: str) -> Problem:
    return Problem(409, code, detail, user_fixable=True)


def invalid(errors: Sequence[FieldError], code: str = "invalid_request") -> Problem:
    detail = "; ".join(f"{error.pointer}: {error.detail}" for error in errors)
    return Problem(422, code, detail, errors=errors, user_fixable=True)


def if_match_missing() -> Problem:
    return Problem(428, "if_match_missing", "Send If-Match with the ETag of your last read, or *", user_fixable=True)


def changed_meanwhile(current: int) -> Problem:
    detail = f"It was changed meanwhile and is at generation {current}; read it again and repeat your change"
    return Problem(412, "changed_meanwhile", detail, user_fixable=True)


@contextmanager
def cloud_problems() -> Iterator[None]:
    """CloudError inside becomes the problem that fits."""
    try:
        yield
    except CloudError as error:
        raise _from_cloud(error) from error


@contextmanager
def given_credential_problems() -> Iterator[None]:
    """401 would say that the caller's own session has ended: what he gave is wrong."""
    try:
        yield
    except Problem as problem:
        if problem.document.status != HTTPStatus.UNAUTHORIZED:
            raise
        detail = "Keystone does not accept this id and secret"
        raise invalid([FieldError(pointer="/application_credential_secret", detail=detail)]) from problem


def _from_cloud(error: CloudError) -> Problem:
    detail = str(error)
    match error:
        case SignInRefused():
            return sign_in_refused(detail)
        case ProjectNeeded():
            return Problem(422, "project_needed", detail, user_fixable=True)
        case NotAllowed():
            return Problem(403, ErrorCode.UNAUTHORIZED, detail, user_fixable=True)
        case NotThere():
            return Problem(422, ErrorCode.DEPENDENCIES, detail, user_fixable=True)
        case CloudUnavailable():
            return Problem(503, "cloud_unavailable", detail, headers={"Retry-After": "30"})
    return Problem(503, "cloud_unavailable", detail)


async def on_database_down(request: Request, error: Exception) -> Response:
    log.warning("Database is not available", error=f"{type(error).__name__}: {error}"[:300])
    detail = "The platform's database is not available just now; try again"
    return problem_response(request, Problem(503, "database_unavailable", detail, headers={"Retry-After": "5"}))
