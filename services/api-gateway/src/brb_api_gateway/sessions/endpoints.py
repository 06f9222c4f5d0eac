"""/v1/sessions: sign in, who am I, sign out."""

from typing import Annotated

from fastapi import Depends, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.identities.identity import BREAK_GLASS_IDENTITY
from brb_api_gateway.sessions.cloud_project import CloudProjects
from brb_api_gateway.sessions.methods import SignInMethods, refusal_recorded
from brb_api_gateway.sessions.principal import Principal
from brb_api_gateway.sessions.schemas import (
    BreakGlassSignIn,
    CloudProjectPut,
    ProjectRef,
    SessionCreate,
    SessionCreated,
    SessionView,
    UserRef,
)
from brb_api_gateway.sessions.service import COOKIE, SessionService
from brb_api_gateway.settings import Settings
from brb_shared.contracts.audit import AuditTarget, AuditUser
from brb_shared.http.audit import recorder_of

router = new_router("/v1/sessions", "sessions")


def _service(request: Request) -> SessionService:
    service: SessionService = request.app.state.sessions
    return service


def _methods(request: Request) -> SignInMethods:
    methods: SignInMethods = request.app.state.sign_in_methods
    return methods


def _cloud_projects(request: Request) -> CloudProjects:
    projects: CloudProjects = request.app.state.cloud_projects
    return projects


Methods = Annotated[SignInMethods, Depends(_methods)]
Projects = Annotated[CloudProjects, Depends(_cloud_projects)]
Sessions = Annotated[SessionService, Depends(_service)]


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Sign in",
    **declares(Verb.CREATE, Resource.SESSIONS, 401, 403, public=True),
)
async def create_session(body: SessionCreate, methods: Methods, request: Request, response: Response) -> SessionCreated:
    """With a Keystone password or application credential, or for emergencies with the break-glass password.

    401: they were not accepted. 403: the user or the identity provider is disabled. OIDC begins at /v1/sign-ins.
    """
    recorder = recorder_of(request)
    recorder.target = AuditTarget(verb=Verb.CREATE, resource=Resource.SESSIONS)
    if isinstance(body.auth, BreakGlassSignIn):
        recorder.user = AuditUser(id=BREAK_GLASS_IDENTITY.user_id, name=BREAK_GLASS_IDENTITY.name)
    with refusal_recorded(recorder):
        principal, token = await methods.sign_in(body)
    recorder.user = principal.audit_user
    if body.cookie:
        set_cookie(request, response, principal, token)
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


@router.put(
    "/current/cloud-project",
    summary="Attach a project in a cloud",
    **declares(Verb.UPDATE, Resource.CLOUD_PROJECTS, 409),
)
async def put_cloud_project(body: CloudProjectPut, principal: SignedIn, projects: Projects) -> SessionView:
    """For a session that did not come from Keystone: it acts in that project from now on, and ends with Keystone's
    token. 409: it came from Keystone. 422: Keystone does not accept the application credential.
    """
    return _view(await projects.attach(principal, body))


@router.delete(
    "/current/cloud-project",
    summary="Detach the project in a cloud",
    **declares(Verb.DELETE, Resource.CLOUD_PROJECTS, 409),
)
async def delete_cloud_project(principal: SignedIn, projects: Projects) -> SessionView:
    """What is open in the session's name ends. 409: it came from Keystone."""
    return _view(await projects.detach(principal))


def set_cookie(request: Request, response: Response, principal: Principal, token: str) -> None:
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="lax", secure=is_secure(request), path="/", expires=principal.expires_at
    )


def is_secure(request: Request) -> bool:
    """Browsers reach us by TLS, which may end at a proxy before us."""
    settings: Settings = request.app.state.container.settings
    return request.url.scheme == "https" or settings.public_url.startswith("https:")


def _view(principal: Principal) -> SessionView:
    tenant = principal.tenant
    return SessionView(
        id=principal.session_id,
        cloud=tenant.cloud if tenant else None,
        user=UserRef(id=principal.user_id, name=principal.user_name),
        project=ProjectRef(id=tenant.project_id, name=principal.project_name) if tenant else None,
        identity_provider=principal.identity_provider,
        method=principal.method,
        created_at=principal.created_at,
        expires_at=principal.expires_at,
    )
