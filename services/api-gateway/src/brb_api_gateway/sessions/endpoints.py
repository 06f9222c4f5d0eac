"""/v1/sessions: sign in, who am I, sign out."""

from typing import Annotated

from fastapi import Depends, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.sessions.principal import Principal
from brb_api_gateway.sessions.schemas import ProjectRef, SessionCreate, SessionCreated, SessionView, UserRef
from brb_api_gateway.sessions.service import COOKIE, SessionService
from brb_shared.contracts.audit import AuditTarget
from brb_shared.http.audit import recorder_of

router = new_router("/v1/sessions", "sessions")


def _service(request: Request) -> SessionService:
    service: SessionService = request.app.state.sessions
    return service


Sessions = Annotated[SessionService, Depends(_service)]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Sign in with Keystone",
    **declares(Verb.CREATE, Resource.SESSIONS, 401, public=True),
)
async def create_session(
    body: SessionCreate, sessions: Sessions, request: Request, response: Response
) -> SessionCreated:
    """Sign in with a Keystone password or application credential. 401: Keystone did not accept them."""
    recorder = recorder_of(request)
    recorder.target = AuditTarget(verb=Verb.CREATE, resource=Resource.SESSIONS)
    principal, token = await sessions.sign_in(body)
    recorder.user = principal.audit_user
    if body.cookie:
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/", expires=principal.expires_at
        )
    return SessionCreated(token=token, **_view(principal).model_dump())


@router.get("/current", summary="The session in use", **declares(Verb.GET, Resource.SESSIONS))
async def get_current_session(principal: SignedIn) -> SessionView:
    return _view(principal)


@router.delete(
    "/current",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Sign out",
    **declares(Verb.DELETE, Resource.SESSIONS),
)
async def delete_current_session(principal: SignedIn, sessions: Sessions, response: Response) -> None:
    await sessions.sign_out(principal)
    response.delete_cookie(COOKIE, path="/")


def _view(principal: Principal) -> SessionView:
    return SessionView(
        id=principal.session_id,
        cloud=principal.tenant.cloud,
        user=UserRef(id=principal.user_id, name=principal.user_name),
        project=ProjectRef(id=principal.tenant.project_id, name=principal.project_name),
        method=principal.method,
        created_at=principal.created_at,
        expires_at=principal.expires_at,
    )
