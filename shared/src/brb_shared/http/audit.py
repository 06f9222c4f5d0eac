"""The record of every mutating call and every denied decision, through the service's own outbox to authz.

The middleware writes the entry when the answer is known and before it is sent: an answer that says "done" has its
entry. If it cannot be written, the caller gets a 503 instead, for nothing may be changed unseen. A service that wants
the entry in the very transaction of its change calls `AuditTrail.keep` there; the middleware then writes none.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import structlog
from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from brb_shared.contracts.audit import AuditEntry, AuditTarget, AuditUser, Verdict, audit_time
from brb_shared.contracts.registry import AUDIT_KINDS, Service
from brb_shared.database import Database
from brb_shared.http.problems import Problem, problem_response
from brb_shared.http.strangers import Strangers
from brb_shared.messaging import Outbox
from brb_shared.secrets import redactor

log = structlog.get_logger()

REDACTED = "[redacted]"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SECRET = re.compile(r"secret|password|token|credential$|private|kubeconfig|(^|_)key$|^code$", re.IGNORECASE)
_CALL = "CALL"
_FORBIDDEN = 403
_NOTHING_CHANGED = range(400, 500)
_REFUSALS = frozenset({401, _FORBIDDEN})
_BUG = 500
_SUBJECT_TOKEN = re.compile(r"[A-Za-z0-9-]{1,64}")
_NO_CLUSTER = "all"
_NOBODY, _NOTHING = AuditUser(), AuditTarget()


@dataclass
class Recorder:
    """What a route tells about a request; whatever it does not tell stays empty."""

    user: AuditUser = _NOBODY
    target: AuditTarget = _NOTHING
    decision: Verdict = Verdict.NONE
    rule: str = ""
    access_revision: int = 0
    before: Any = None
    after: Any = None
    message: str = ""
    is_read: bool = False
    """A POST that only asks."""
    is_disclosure: bool = False
    """A GET that hands out a secret: recorded as a change is."""
    remote_addr: str = ""
    """Who asked, where that is not the other end of the connection."""
    kept_with: int = 0
    """The status of an entry that went into the change's own transaction. Another answer is an entry of its own."""
    started: str = field(default_factory=audit_time)

    def found(self, **target: str) -> None:
        """More of the target, once it is known."""
        self.target = self.target.model_copy(update=target)


def recorder_of(request: Request) -> Recorder:
    """The request's recorder; without the middleware one that nobody reads."""
    recorder = getattr(request.state, "audit", None)
    if recorder is None:
        request.state.audit = recorder = Recorder()
    assert isinstance(recorder, Recorder)
    return recorder


def acts_on(verb: str, resource: str, id_parameter: str = "") -> Callable[[Request], Awaitable[None]]:
    """A dependency by which a route says what it acts on; `id_parameter` is the path's, `cluster_id` is found."""

    async def tell(request: Request) -> None:
        path = request.path_params
        recorder_of(request).target = AuditTarget(
            verb=verb, resource=resource, id=path.get(id_parameter, ""), cluster_id=path.get("cluster_id", "")
        )

    return tell


class AuditTrail:
    """Where a service's entries go."""

    def __init__(self, database: Database, outbox: Outbox, service: Service) -> None:
        self._database = database
        self._outbox = outbox
        self._service = service
        self._strangers = Strangers()

    async def keep(self, session: AsyncSession, request: Request, status: int) -> None:
        """Put the entry into the caller's transaction; `status` is what the answer will be."""
        recorder = recorder_of(request)
        await self._add(session, self.entry(request, recorder, status))
        recorder.kept_with = status

    async def write(self, entry: AuditEntry) -> None:
        """In a transaction of its own; of strangers only so many."""
        if not entry.user.id and entry.response_code in _NOTHING_CHANGED:
            left_out = self._strangers.admit()
            if left_out is None:
                return
            entry = entry.model_copy(update={"message": _with_those_left_out(entry.message, left_out)})
        await self.add(entry)

    async def add(self, entry: AuditEntry) -> None:
        """In a transaction of its own, whoever it is about."""
        async with self._database.sessions.begin() as session:
            await self._add(session, entry)

    async def _add(self, session: AsyncSession, entry: AuditEntry) -> None:
        """The cluster's id may be what a stranger wrote into a path: only one that is a token can be in a subject."""
        cluster = entry.target.cluster_id if _SUBJECT_TOKEN.fullmatch(entry.target.cluster_id) else _NO_CLUSTER
        kind = AUDIT_KINDS[self._service]
        await self._outbox.add(session, kind, entry, cluster_id=cluster, revision=0, generation=0)

    def entry(self, request: Request, recorder: Recorder, status: int) -> AuditEntry:
        return self._entry(
            recorder,
            status,
            method=request.method,
            request_uri=redacted_uri(request),
            remote_addr=recorder.remote_addr or (request.client.host if request.client else ""),
            user_agent=redactor.clean(request.headers.get("user-agent", "")),
            request_id=getattr(request.state, "request_id", ""),
        )

    def call_entry(self, subject: str, request_id: str, recorder: Recorder, status: int) -> AuditEntry:
        """Of a question over NATS."""
        return self._entry(recorder, status, method=_CALL, request_uri=subject, request_id=request_id)

    def _entry(self, recorder: Recorder, status: int, **seen: str) -> AuditEntry:
        return AuditEntry(
            **seen,
            service=self._service.value,
            user=recorder.user,
            response_code=status,
            request_timestamp=recorder.started,
            response_timestamp=audit_time(),
            target=recorder.target,
            decision=_verdict(recorder, status),
            rule=recorder.rule,
            access_revision=recorder.access_revision,
            before_digest=digest(recorder.before),
            after_digest=digest(recorder.after),
            message=redactor.clean(recorder.message),
        )


class AuditMiddleware:
    """`trail` finds the service's trail once the application has started: `lambda: app.state.audit_trail`."""

    def __init__(self, app: ASGIApp, trail: Any) -> None:
        self._app = app
        self._trail = trail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request, recorder, answered, replaced = Request(scope), Recorder(), False, False
        request.state.audit = recorder

        async def send_recorded(message: Message) -> None:
            nonlocal answered, replaced
            if message["type"] == "http.response.start":
                answered = True
                replaced = not await self._record(request, recorder, message["status"])
                if replaced:
                    await _not_recorded(request)(scope, receive, send)
            if not replaced:
                await send(message)

        try:
            await self._app(scope, receive, send_recorded)
        finally:
            if not answered:
                await self._record(request, recorder, _BUG)

    async def _record(self, request: Request, recorder: Recorder, status: int) -> bool:
        """False if the entry is due and cannot be written."""
        if recorder.kept_with == status or not _is_due(request, recorder, status):
            return True
        trail: AuditTrail = self._trail()
        entry = trail.entry(request, recorder, status)
        try:
            await trail.write(entry)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            told = str(error) or type(error).__name__
            log.error("Audit entry could not be written", entry=entry.document(), error=told)
            return False
        return True


def _is_due(request: Request, recorder: Recorder, status: int) -> bool:
    denied = recorder.decision is Verdict.DENY or status == _FORBIDDEN
    return denied or recorder.is_disclosure or (request.method not in _SAFE_METHODS and not recorder.is_read)


def _with_those_left_out(message: str, left_out: int) -> str:
    told = f"{left_out} more requests of unknown callers were refused before it and have no entry" if left_out else ""
    return ". ".join(filter(None, (message, told)))


def _verdict(recorder: Recorder, status: int) -> Verdict:
    """A refusal that nobody called one is a denial all the same."""
    return Verdict.DENY if recorder.decision is Verdict.NONE and status in _REFUSALS else recorder.decision


def _not_recorded(request: Request) -> Any:
    detail = "The audit log cannot be written just now. Read again whether your change was made, and try again"
    return problem_response(request, Problem(503, "audit_unavailable", detail, headers={"Retry-After": "5"}))


def redacted_uri(request: Request) -> str:
    """Path and query; values that look like secrets by their names are not shown."""
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    query = urlencode([(name, REDACTED if _SECRET.search(name) else value) for name, value in pairs], safe="[]")
    return redactor.clean(request.url.path + (f"?{query}" if query else ""))


def digest(document: Any) -> str:
    """sha256 of the canonical JSON without secrets; empty if there is no document."""
    if document is None:
        return ""
    text = json.dumps(without_secrets(document), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def without_secrets(value: Any) -> Any:
    """A copy in which what is called a secret is not shown: a digest of a short secret could be guessed."""
    match value:
        case Mapping():
            return {key: REDACTED if _SECRET.search(str(key)) else without_secrets(item) for key, item in value.items()}
        case list() | tuple():
            return [without_secrets(item) for item in value]
        case _:
            return value
