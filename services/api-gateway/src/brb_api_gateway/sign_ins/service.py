"""A sign-in by OIDC, from its beginning to the session.

browser: begin → (the issuer) → take → identify → start_session          the cookie is set
program: begin → (the issuer) → take → identify → issue_code → redeem    the code goes to the program's own port
"""

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from fastapi import Request
from pydantic import TypeAdapter

from brb_api_gateway.errors import sign_in_refused
from brb_api_gateway.identities.identity import Identity
from brb_api_gateway.oidc.client import OidcClient
from brb_api_gateway.oidc.pkce import Attempt, answers, new_attempt, new_secret
from brb_api_gateway.oidc.provider import Provider
from brb_api_gateway.sessions.principal import OIDC, Principal
from brb_api_gateway.sessions.service import SessionService
from brb_api_gateway.sign_ins import repository
from brb_api_gateway.sign_ins.models import SignInCodeRow, SignInRow
from brb_api_gateway.sign_ins.providers import require_provider
from brb_api_gateway.sign_ins.schemas import SignInCreate, SignInView
from brb_shared.contracts.ids import new_id
from brb_shared.database import Database
from brb_shared.http import Problem
from brb_shared.http.audit import AuditTrail, recorder_of
from brb_shared.secrets import Keyring

LIFE = timedelta(minutes=10)
CODE_LIFE = timedelta(minutes=1)
_CODE_PREFIX = "brb_c_"  # lets secret scanners recognise it
_IDENTITY = TypeAdapter(Identity)


@dataclass(frozen=True)
class Begun:
    """`cookie`: for the browser that began it; a program has none."""

    view: SignInView
    cookie: str | None


@dataclass(frozen=True)
class Returned:
    """What the issuer sent the browser back with."""

    code: str | None
    iss: str | None
    error: str | None
    error_description: str | None


class SignIns:
    def __init__(
        self, database: Database, keyring: Keyring, oidc: OidcClient, sessions: SessionService, trail: AuditTrail
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._oidc = oidc
        self._sessions = sessions
        self._trail = trail

    async def begin(self, body: SignInCreate) -> Begun:
        """Raises Problem 403, 422, 502 or 503."""
        attempt = new_attempt()
        url = await self._oidc.authorization_url(await self._provider(body.identity_provider), attempt)
        cookie = None if body.code_challenge else new_secret()
        row = self._row(body, attempt, cookie)
        async with self._database.sessions.begin() as session:
            await repository.add(session, row)
        return Begun(SignInView(id=row.id, authorization_url=url, expires_at=row.expires_at), cookie)

    async def take(self, state: str, cookie: str | None) -> SignInRow:
        """The sign-in that was begun with this state; it cannot be taken again. Raises Problem 401 or 403."""
        async with self._database.sessions.begin() as session:
            row = await repository.take(session, _hash(state))
        if row is None:
            raise sign_in_refused("This sign-in is not known, is finished, or took more than ten minutes; begin again")
        if row.cookie_hash is not None and not hmac.compare_digest(row.cookie_hash, _hash(cookie or "")):
            detail = "This sign-in was begun in another browser, or its cookie is gone; begin again in this one"
            raise Problem(403, "sign_in_of_another_browser", detail, user_fixable=True)
        return row

    async def identify(self, row: SignInRow, returned: Returned) -> Identity:
        """Raises Problem 401, 403, 502 or 503."""
        provider = await self._provider(row.identity_provider)
        await self._oidc.require_issuer(provider, returned.iss)
        if returned.code is None or returned.error is not None:
            raise sign_in_refused(f"The identity provider did not sign you in: {_told(returned)}")
        return await self._oidc.identify(provider, returned.code, self._attempt(row))

    async def start_session(self, identity: Identity, request: Request, status: int) -> tuple[Principal, str]:
        """With its audit entry: the request is a GET, of which there is none by itself. Raises Problem 403."""
        async with self._database.sessions.begin() as session:
            principal, token = await self._sessions.start_in(session, identity, OIDC)
            recorder_of(request).user = principal.audit_user
            await self._trail.keep(session, request, status)
        return principal, token

    async def issue_code(self, identity: Identity, code_challenge: str) -> str:
        code = _CODE_PREFIX + new_secret()
        row = SignInCodeRow(
            code_hash=_hash(code),
            code_challenge=code_challenge,
            identity=asdict(identity),
            expires_at=datetime.now(UTC) + CODE_LIFE,
        )
        async with self._database.sessions.begin() as session:
            await repository.add(session, row)
        return code

    async def redeem(self, code: str, verifier: str) -> tuple[Principal, str]:
        """A code is used up even where the verifier is wrong. Raises Problem 401 or 403."""
        async with self._database.sessions.begin() as session:
            row = await repository.take_code(session, _hash(code))
        if row is None or not answers(verifier, row.code_challenge):
            raise sign_in_refused(
                "This code is not known, was used, is more than a minute old, or is another program's; begin again"
            )
        return await self._sessions.start(_IDENTITY.validate_python(row.identity), OIDC)

    async def _provider(self, provider_id: str) -> Provider:
        async with self._database.sessions() as session:
            return await require_provider(session, self._keyring, provider_id)

    def _row(self, body: SignInCreate, attempt: Attempt, cookie: str | None) -> SignInRow:
        id_ = new_id("si")
        return SignInRow(
            id=id_,
            state_hash=_hash(attempt.state),
            identity_provider=body.identity_provider,
            return_to=body.return_to,
            cookie_hash=None if cookie is None else _hash(cookie),
            code_challenge=body.code_challenge,
            sealed_attempt=self._keyring.seal(
                json.dumps(asdict(attempt)).encode(), tenant=body.identity_provider, obj=id_, field="attempt"
            ),
            expires_at=datetime.now(UTC) + LIFE,
        )

    def _attempt(self, row: SignInRow) -> Attempt:
        opened = self._keyring.open(row.sealed_attempt, tenant=row.identity_provider, obj=row.id, field="attempt")
        return Attempt(**json.loads(opened))


def _told(returned: Returned) -> str:
    """In the issuer's words, fit to be shown."""
    words = ": ".join(filter(None, (returned.error, returned.error_description))) or "there is no code"
    return "".join(letter for letter in words if letter.isprintable())[:200]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
