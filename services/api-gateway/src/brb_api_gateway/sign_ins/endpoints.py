"""/v1/sign-ins: sign in at an OIDC issuer."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Query, Request, Response, status
from fastapi.responses import RedirectResponse

from brb_api_gateway.access import Resource, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.identities.identity import Identity
from brb_api_gateway.sessions.endpoints import is_secure, set_cookie
from brb_api_gateway.sessions.methods import refusal_recorded
from brb_api_gateway.sign_ins.models import SignInRow
from brb_api_gateway.sign_ins.return_address import with_query
from brb_api_gateway.sign_ins.schemas import SignInCreate, SignInView
from brb_api_gateway.sign_ins.service import LIFE, Returned, SignIns
from brb_shared.contracts.audit import AuditTarget, AuditUser
from brb_shared.http import Problem
from brb_shared.http.audit import recorder_of

COOKIE = "brb_sign_in"
PATH = "/v1/sign-ins/callback"
_LONGEST_CODE = 8_192
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""The addresses have codes in them."""

router = new_router("/v1/sign-ins", "sessions")


def _service(request: Request) -> SignIns:
    service: SignIns = request.app.state.sign_ins
    return service


Service = Annotated[SignIns, Depends(_service)]
_LONGEST = 2_000


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Begin to sign in with OIDC",
    **declares(Verb.CREATE, Resource.SESSIONS, 403, 502, public=True),
)
async def create_sign_in(body: SignInCreate, sign_ins: Service, request: Request, response: Response) -> SignInView:
    """Send the browser to `authorization_url`. It comes back to `return_to`: signed in by a cookie, or, for a program,
    with a `code` that is good once and for a minute at POST /v1/sessions.

    403: the identity provider is disabled. 502 and 503: it says something wrong, or does not answer.
    """
    recorder_of(request).is_read = True  # nobody is signed in by it
    begun = await sign_ins.begin(body)
    if begun.cookie is not None:
        response.set_cookie(
            COOKIE,
            begun.cookie,
            max_age=int(LIFE.total_seconds()),
            path=PATH,
            httponly=True,
            samesite="lax",
            secure=is_secure(request),
        )
    return begun.view


@router.get(
    "/callback",
    status_code=status.HTTP_303_SEE_OTHER,
    response_class=RedirectResponse,
    summary="Where the issuer sends the browser back to",
    **declares(Verb.CREATE, Resource.SESSIONS, 401, 403, public=True),
)
async def finish_sign_in(
    state: Annotated[str, Query(max_length=200, description="Of the authorization URL")],
    request: Request,
    sign_ins: Service,
    code: Annotated[str | None, Query(max_length=_LONGEST_CODE, description="The issuer's authorization code")] = None,
    iss: Annotated[str | None, Query(max_length=_LONGEST, description="Whose answer it is (RFC 9207)")] = None,
    error: Annotated[str | None, Query(max_length=_LONGEST, description="Why there is no code")] = None,
    error_description: Annotated[str | None, Query(max_length=_LONGEST, description="The same in words")] = None,
) -> RedirectResponse:
    """What goes wrong is told at `return_to`, as `error` and `error_description`.

    401: no sign-in of this state is under way, so it is not known where to go. 403: it was begun in another browser.
    """
    recorder = recorder_of(request)
    recorder.target = AuditTarget(verb=Verb.CREATE, resource=Resource.SESSIONS)
    with refusal_recorded(recorder):
        row = await sign_ins.take(state, request.cookies.get(COOKIE))
    try:
        with refusal_recorded(recorder):
            identity = await sign_ins.identify(row, Returned(code, iss, error, error_description))
            recorder.user = AuditUser(id=identity.user_id, name=identity.name)
            return await _finish(sign_ins, row, identity, request)
    except Problem as problem:
        told = {"error": problem.document.code, "error_description": problem.document.detail}
        return _redirect(with_query(row.return_to, **told))


async def _finish(sign_ins: SignIns, row: SignInRow, identity: Identity, request: Request) -> RedirectResponse:
    if row.code_challenge is not None:
        return _redirect(with_query(row.return_to, code=await sign_ins.issue_code(identity, row.code_challenge)))
    principal, token = await sign_ins.start_session(identity, request, HTTPStatus.SEE_OTHER)
    response = _redirect(row.return_to)
    set_cookie(request, response, principal, token)
    return response


def _redirect(address: str) -> RedirectResponse:
    response = RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER, headers=_PRIVATE)
    response.delete_cookie(COOKIE, path=PATH)
    return response
