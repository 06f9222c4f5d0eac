"""Questions between services over NATS, with the service tokens, bodies and problems that HTTP has.

answers = await ask(broker, key, ACCESS_REVIEWS, ReviewCall(actor=…, reviews=…))            # who asks
await Answering(broker, ACCESS_REVIEWS, Answerer(ACCESS_REVIEWS, broker, verifier, trail, handle)).run()
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from brb_shared.contracts.audit import Verdict
from brb_shared.contracts.registry import Answer, Call, Question
from brb_shared.http.audit import AuditTrail, Recorder
from brb_shared.http.problems import Problem, ProblemDocument, invalid_request
from brb_shared.http.service_tokens import Caller, ServiceKey, ServiceVerifier, require_service
from brb_shared.messaging.answering import ERROR_CODE, Reply
from brb_shared.messaging.broker import Broker

log = structlog.get_logger()

_TIMEOUT_SECONDS = 5.0
_REFUSALS = frozenset({401, 403})


async def ask(
    broker: Broker,
    key: ServiceKey,
    call: Call[Question, Answer],
    question: Question,
    *,
    user: str | None = None,
    groups: Sequence[str] = (),
    timeout_seconds: float = _TIMEOUT_SECONDS,
) -> Answer:
    """`user`: for whom the service asks; None: for itself.

    Raises Problem as it was answered, and BrokerUnavailable if nobody answers in time.
    """
    body = question.model_dump_json(exclude_unset=True).encode()
    _require_fits(body, broker, "question")
    headers = key.headers(call.answerer, user, groups=groups)
    message = await broker.request(call.subject, body, headers, timeout_seconds)
    if ERROR_CODE in (message.headers or {}):
        document = ProblemDocument.model_validate_json(message.data)
        raise Problem(document.status, document.code, document.detail, errors=document.errors)
    return call.answer.model_validate_json(message.data)


class Answerer(Generic[Question, Answer]):
    """A `messaging.answering.Responder`: lets in who may ask, reads the question, and turns problems into replies.

    Refusals are told to the audit log; a question changes nothing and leaves no entry.
    """

    def __init__(
        self,
        call: Call[Question, Answer],
        broker: Broker,
        verifier: ServiceVerifier,
        trail: AuditTrail,
        handle: Callable[[Caller, Question], Awaitable[Answer]],
    ) -> None:
        self._call = call
        self._broker = broker
        self._verifier = verifier
        self._trail = trail
        self._handle = handle

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> Reply:
        recorder = Recorder()
        try:
            return Reply(await self._answer(headers, body, recorder))
        except Problem as problem:
            return await self._refusal(problem, headers, recorder)
        except ValidationError as error:
            found = [{"loc": ("body", *item["loc"]), "msg": item["msg"]} for item in error.errors()]
            return _reply_of(invalid_request(found))
        except Exception:  # a bug must not end the listening
            log.exception("A question ended in a bug", call=self._call.subject)
            return _reply_of(Problem(500, "internal_server_error", "This is a mistake in the service: see its log"))

    async def _answer(self, headers: Mapping[str, str], body: bytes, recorder: Recorder) -> bytes:
        caller = self._verifier.verify_header(headers.get("Authorization", ""))
        recorder.user = caller.audit_user
        require_service(caller, self._call.askers)
        answer = await self._handle(caller, self._call.question.model_validate_json(body))
        text = answer.model_dump_json().encode()
        _require_fits(text, self._broker, "answer")
        return text

    async def _refusal(self, problem: Problem, headers: Mapping[str, str], recorder: Recorder) -> Reply:
        if problem.document.status in _REFUSALS:
            recorder.decision, recorder.rule = Verdict.DENY, problem.document.detail
            try:
                await self._record(headers, recorder, problem.document.status)
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                log.error("A refusal could not be written to the audit log", error=str(error) or type(error).__name__)
        return _reply_of(problem)

    async def _record(self, headers: Mapping[str, str], recorder: Recorder, status: int) -> None:
        request_id = headers.get("X-Request-Id", "")
        await self._trail.write(self._trail.call_entry(self._call.subject, request_id, recorder, status))


def _require_fits(body: bytes, broker: Broker, what: str) -> None:
    """Raises Problem 413."""
    if len(body) > broker.max_payload:
        detail = f"The {what} has {len(body)} bytes, and NATS carries {broker.max_payload}: ask less at once"
        raise Problem(413, "too_large", detail, user_fixable=True)


def _reply_of(problem: Problem) -> Reply:
    document = problem.document
    return Reply(document.model_dump_json().encode(), document.status, document.detail)
