"""The ways to sign in at POST /v1/sessions."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from brb_api_gateway.identities.break_glass import BreakGlass
from brb_api_gateway.sessions.keystone import KeystoneSignIn
from brb_api_gateway.sessions.principal import Principal
from brb_api_gateway.sessions.schemas import (
    ApplicationCredentialSignIn,
    BreakGlassSignIn,
    OidcSignIn,
    PasswordSignIn,
    SessionCreate,
)
from brb_api_gateway.sign_ins.service import SignIns
from brb_shared.contracts.audit import Verdict
from brb_shared.http import Problem
from brb_shared.http.audit import Recorder


class SignInMethods:
    def __init__(self, keystone: KeystoneSignIn, oidc: SignIns, break_glass: BreakGlass) -> None:
        self._keystone = keystone
        self._oidc = oidc
        self._break_glass = break_glass

    async def sign_in(self, body: SessionCreate) -> tuple[Principal, str]:
        """The session and its bearer token, which is not kept. Raises Problem 401, 403, 422 or 503."""
        match body.auth:
            case PasswordSignIn() | ApplicationCredentialSignIn():
                return await self._keystone.sign_in(body.cloud, body.auth)
            case OidcSignIn(code=code, code_verifier=verifier):
                return await self._oidc.redeem(code.get_secret_value(), verifier.get_secret_value())
            case BreakGlassSignIn():
                return await self._break_glass.sign_in(body.auth.password.get_secret_value())


@contextmanager
def refusal_recorded(recorder: Recorder) -> Iterator[None]:
    """A sign-in that is refused inside is in the audit log as denied, with the reason."""
    try:
        yield
    except Problem as problem:
        if problem.document.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            recorder.decision, recorder.message = Verdict.DENY, problem.document.detail
        raise
