"""The administrator for emergencies: when no identity provider answers, somebody with the machine's console gets in.

His password is made by `python -m brb_api_gateway break-glass`, is good for one sign-in, and the session ends after an
hour. Making a new one ends the one before. Only its hash is kept. Everything he does is in the audit log.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

import structlog

from brb_api_gateway.errors import sign_in_refused
from brb_api_gateway.identities import repository
from brb_api_gateway.identities.identity import BREAK_GLASS_IDENTITY
from brb_api_gateway.identities.models import BreakGlassRow
from brb_api_gateway.sessions.principal import BREAK_GLASS, Principal
from brb_api_gateway.sessions.service import SessionService
from brb_shared.database import Database
from brb_shared.http import Problem

log = structlog.get_logger()

LONGEST = timedelta(hours=1)
_PREFIX = "brb_b_"  # lets secret scanners recognise it
_BYTES = 20


class BreakGlass:
    def __init__(self, database: Database, sessions: SessionService, *, enabled: bool) -> None:
        self._database = database
        self._sessions = sessions
        self._enabled = enabled

    async def sign_in(self, password: str) -> tuple[Principal, str]:
        """Uses the password up. Raises Problem 401, or 403 where it is switched off."""
        if not self._enabled:
            detail = "Break-glass sign-in is switched off on this platform (BRB_BREAK_GLASS)"
            raise Problem(403, "break_glass_off", detail)
        async with self._database.sessions.begin() as session:
            row = await repository.find_break_glass(session)
            if row is None or not hmac.compare_digest(row.password_hash, _hash(password)):
                raise sign_in_refused("This break-glass password is wrong, was used before, or was replaced")
            await session.delete(row)
            started = await self._sessions.start_in(session, BREAK_GLASS_IDENTITY, BREAK_GLASS, longest=LONGEST)
        log.warning("The break-glass administrator has signed in", session_id=started[0].session_id)
        return started


async def new_password(database: Database) -> str:
    """It is not kept, so this is the only time that it can be shown."""
    password = _PREFIX + base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
    row = BreakGlassRow(password_hash=_hash(password), created_at=datetime.now(UTC))
    async with database.sessions.begin() as session:
        await repository.replace_break_glass(session, row)
    return password


def _hash(password: str) -> bytes:
    return hashlib.sha256(password.encode()).digest()
