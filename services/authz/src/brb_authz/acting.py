"""Who acts: the user that the calling service names in its token, and what he is let do."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from brb_authz.errors import acting_user_missing
from brb_shared.access.index import Index
from brb_shared.access.model import AUTHENTICATED, Actor, Place
from brb_shared.access.model import Request as Question
from brb_shared.contracts.audit import Verdict
from brb_shared.contracts.registry import Service
from brb_shared.http import Caller, service_caller
from brb_shared.http.audit import Recorder, recorder_of
from brb_shared.http.deciding import decide_and_record, denied

_PLATFORM = Place()


@dataclass(frozen=True)
class Acting:
    """A user who acts through a service, and the record of what he does."""

    actor: Actor
    recorder: Recorder

    def require(
        self, index: Index, verb: str, resource: str, what: str, *, name: str = "", place: Place = _PLATFORM
    ) -> None:
        """Raises Problem 404 for what he does not see, 403 with the reason for what he sees and may not do."""
        question = Question.of(self.actor, verb, resource, name=name, place=place)
        decision = decide_and_record(index, question, self.recorder)
        if not decision.allowed:
            raise denied(decision, what)

    def refuse(self, reason: str) -> None:
        """The guard said no: the record says why."""
        self.recorder.decision, self.recorder.rule = Verdict.DENY, reason


def actor_of(caller: Caller) -> Actor:
    """Raises Problem 401. Whoever a service acts for has signed in."""
    if not caller.user:
        raise acting_user_missing()
    return Actor(caller.user, (AUTHENTICATED, *caller.groups))


async def _acting(request: Request, caller: Annotated[Caller, Depends(service_caller(*Service))]) -> Acting:
    return Acting(actor_of(caller), recorder_of(request))


ActingUser = Annotated[Acting, Depends(_acting)]
AnyService = Annotated[Caller, Depends(service_caller(*Service))]
GatewayOnly = Annotated[Caller, Depends(service_caller(Service.API_GATEWAY))]
