"""The problems that authz answers with.

Problem (brb_shared.http)
├── 400 invalid_request                 AuthZEN's routes only, as the standard demands
├── 401 acting_user_missing             the token names no user, and the route acts for one
├── 403 not_allowed                     seen, but not allowed: the detail says what is lacking
│   ├── escalation                      it would give away more than its giver holds
│   └── builtin                         built-in roles are not edited
├── 404 not_found                       also what the caller may not see
├── 409 in_use, exists, last_administrator
├── 412 changed_meanwhile / 428 if_match_missing
├── 422 invalid_request, page_token_invalid, idempotency_key_reused
└── 503 revision_not_reached, database_unavailable, audit_unavailable (brb_shared.http.audit)
"""

from collections.abc import Sequence

import asyncpg
import structlog
from fastapi import Request, Response
from sqlalchemy.exc import InterfaceError, OperationalError

from brb_shared.http import FieldError, Problem
from brb_shared.http.problems import problem_response

log = structlog.get_logger()

DATABASE_DOWN = (InterfaceError, OperationalError, asyncpg.PostgresConnectionError, ConnectionError, TimeoutError)
"""What a request meets while PostgreSQL is away or starts."""


def acting_user_missing() -> Problem:
    return Problem(401, "acting_user_missing", "This route acts for a user: send a service token that names one")


def not_found(what: str) -> Problem:
    return Problem(404, "not_found", f"There is no such {what}, or you may not see it", user_fixable=True)


def not_allowed(reason: str) -> Problem:
    return Problem(403, "not_allowed", reason, user_fixable=True)


def escalation(reason: str) -> Problem:
    return Problem(403, "escalation", reason, user_fixable=True)


def builtin(role_id: str) -> Problem:
    detail = f"{role_id} is built in and cannot be changed; make a role that inherits it"
    return Problem(403, "builtin", detail, user_fixable=True)


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


def revision_not_reached(wanted: int, current: int) -> Problem:
    detail = f"Revision {wanted} was asked for and {current} is the newest; try again"
    return Problem(503, "revision_not_reached", detail, headers={"Retry-After": "1"})


def database_unavailable(error: Exception) -> Problem:
    log.warning("Database is not available", error=f"{type(error).__name__}: {error}"[:300])
    detail = "The platform's database is not available just now, so nobody can be let in; try again"
    return Problem(503, "database_unavailable", detail, headers={"Retry-After": "5"})


async def on_database_down(request: Request, error: Exception) -> Response:
    return problem_response(request, database_unavailable(error))
