"""Reviews: what may he, why, who may that. Answered from the index at the newest committed revision."""

import asyncio
from dataclasses import dataclass

from brb_authz.acting import actor_of
from brb_authz.errors import not_allowed, revision_not_reached
from brb_authz.world import CurrentWorld
from brb_shared.access.decisions import decide
from brb_shared.access.explain import explain, what_can, who_can
from brb_shared.access.index import Index
from brb_shared.access.model import NOBODY, Actor, Place, Request
from brb_shared.contracts.access_api.reviews import (
    ActorInput,
    ExplanationView,
    Review,
    ReviewAnswer,
    ReviewAnswers,
    ReviewBatch,
    RulesAnswer,
    WhoAnswer,
    WhoQuestion,
    WhoView,
)
from brb_shared.http import Caller

_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Asker:
    """A service, for itself or for a user. For a user it learns about others only what the user may know."""

    caller: Caller

    def about(self, given: ActorInput | None) -> Actor:
        return given.actor() if given is not None else actor_of(self.caller)

    def require_about(self, index: Index, actor: Actor, place: Place) -> None:
        """Raises Problem 403: who may list the members of a place, or review access, may know what others may do."""
        if self.caller.user is None:
            return
        asking = actor_of(self.caller)
        if (actor.kind, actor.id) == (asking.kind, asking.id) and set(actor.groups) <= set(asking.groups):
            return
        decision = decide(index, Request.of(asking, "list", "members", place=place))
        if not decision.allowed and not index.check(Request.of(asking, "create", "accessreviews")):
            raise not_allowed(f"To ask about others one lists the members there: {decision.reason}")


class DecisionService:
    def __init__(self, world: CurrentWorld, wait_seconds: float) -> None:
        self._world = world
        self._wait_seconds = wait_seconds

    async def index(self, min_revision: int = 0) -> Index:
        """At `min_revision` or later. Raises Problem 503 if it does not come in time.

        A revision that a write has answered with is committed, so only an invented one is ever waited for.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + self._wait_seconds
        while (index := await self._world.current()).revision < min_revision:
            if clock() >= end:
                raise revision_not_reached(min_revision, index.revision)
            await asyncio.sleep(_POLL_SECONDS)
        return index

    async def review(self, asker: Asker, review: Review, *, explained: bool, min_revision: int) -> ReviewAnswer:
        index = await self.index(min_revision)
        return _answer(index, asker, review, None, explained)

    async def reviews(self, asker: Asker, batch: ReviewBatch, *, explained: bool, min_revision: int) -> ReviewAnswers:
        index = await self.index(min_revision)
        answers = tuple(_answer(index, asker, review, batch.actor, explained) for review in batch.reviews)
        return ReviewAnswers(revision=index.revision, reviews=answers)

    async def rules(self, asker: Asker, given: ActorInput | None, place: Place, min_revision: int) -> RulesAnswer:
        index = await self.index(min_revision)
        actor = asker.about(given)
        asker.require_about(index, actor, place)
        return RulesAnswer(revision=index.revision, rules=what_can(index, actor, place))

    async def who(self, asker: Asker, question: WhoQuestion, min_revision: int) -> WhoAnswer:
        index = await self.index(min_revision)
        request = question.request(NOBODY)
        asker.require_about(index, NOBODY, request.place)
        found = tuple(
            WhoView(subject=who.subject, binding_ids=tuple(who.binding_ids)) for who in who_can(index, request)
        )
        return WhoAnswer(revision=index.revision, subjects=found)


def _answer(index: Index, asker: Asker, review: Review, common: ActorInput | None, explained: bool) -> ReviewAnswer:
    actor = asker.about(review.actor or common)
    request = review.request(actor)
    asker.require_about(index, actor, request.place)
    decision = decide(index, request)
    return ReviewAnswer(
        allowed=decision.allowed,
        visible=decision.visible,
        reason=decision.reason,
        revision=decision.revision,
        explanation=ExplanationView.of(explain(index, request)) if explained else None,
    )
