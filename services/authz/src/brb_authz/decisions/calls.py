"""Reviews over NATS: the same answers as over HTTP, for services that ask now and then and follow no changes."""

from brb_authz.decisions.service import Asker, DecisionService
from brb_authz.errors import DATABASE_DOWN, database_unavailable
from brb_authz.settings import Settings
from brb_shared.calls import Answerer
from brb_shared.contracts.access_api.reviews import ReviewAnswers, ReviewCall
from brb_shared.contracts.registry import ACCESS_REVIEWS, Service
from brb_shared.http import Caller, ServiceVerifier
from brb_shared.http.audit import AuditTrail
from brb_shared.messaging.answering import Answering
from brb_shared.worker import open_broker


class ReviewCalls:
    def __init__(self, decisions: DecisionService, verifier: ServiceVerifier, trail: AuditTrail) -> None:
        self._decisions = decisions
        self._verifier = verifier
        self._trail = trail

    async def run(self, settings: Settings) -> None:
        """Run until cancelled. HTTP is answered all the same while NATS is away."""
        async with open_broker(settings, Service.AUTHZ) as broker:
            answerer = Answerer(ACCESS_REVIEWS, broker, self._verifier, self._trail, self._review)
            await Answering(broker, ACCESS_REVIEWS, answerer).run()

    async def _review(self, caller: Caller, call: ReviewCall) -> ReviewAnswers:
        try:
            return await self._decisions.reviews(
                Asker(caller), call, explained=call.explain, min_revision=call.min_revision
            )
        except DATABASE_DOWN as error:
            raise database_unavailable(error) from error
