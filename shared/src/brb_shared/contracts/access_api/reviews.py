"""What the review API takes and gives."""

from typing import Annotated

from pydantic import Field

from brb_shared.access.explain import Explanation
from brb_shared.access.model import (
    AUTHENTICATED,
    GROUP,
    Actor,
    Binding,
    Place,
    Request,
    Rule,
    Scope,
    Subject,
    SubjectKind,
)
from brb_shared.contracts.bodies import Input, Output

Word = Annotated[str, Field(max_length=253, pattern=r"^[^\x00]*$")]
MOST_REVIEWS = 1000


class PlaceInput(Input):
    """Empty: the platform. A project alone is enough; a namespace needs its cluster."""

    cluster_id: Word = ""
    project_id: Word = ""
    namespace: Word = ""

    def place(self) -> Place:
        return Place(self.cluster_id, self.project_id, self.namespace)


class ActorInput(Input):
    """Who it is about; everybody is in the group of those who have signed in."""

    id: Annotated[Word, Field(min_length=1)]
    kind: SubjectKind = SubjectKind.USER
    groups: Annotated[tuple[Word, ...], Field(max_length=500)] = ()

    def actor(self) -> Actor:
        return Actor(self.id, (AUTHENTICATED, *self.groups), self.kind)


class Question(Input):
    """What is asked. `resource` may be `clusters/events`; `path` makes it about a URL instead."""

    verb: Annotated[Word, Field(min_length=1)]
    api_group: Word = GROUP
    resource: Word = ""
    subresource: Word = ""
    name: Word = ""
    place: PlaceInput = PlaceInput()
    path: Word = ""

    def request(self, actor: Actor) -> Request:
        resource, _, subresource = self.resource.partition("/")
        part = self.subresource or subresource
        return Request(actor, self.verb, self.api_group, resource, part, self.name, self.place.place(), self.path)


class Review(Question):
    actor: ActorInput | None = Field(default=None, description="None: the acting user of the token")


class ReviewBatch(Input):
    """Answered in the same order, all at one revision."""

    actor: ActorInput | None = None
    reviews: Annotated[tuple[Review, ...], Field(min_length=1, max_length=MOST_REVIEWS)]


class ReviewCall(ReviewBatch):
    """The same over NATS, with what are parameters over HTTP."""

    explain: bool = Field(default=False, description="Say which rule of which role allows it, or what would be needed")
    min_revision: Annotated[int, Field(ge=0)] = Field(default=0, description="Decide at this revision or a later one")


class GrantView(Output):
    """One way by which it is allowed."""

    binding: Binding
    role_id: str
    rule: Rule
    inherited: tuple[str, ...] = Field(description="From the bound role to the one whose rule it is")


class ExplanationView(Output):
    text: str
    grants: tuple[GrantView, ...]
    needed: Rule = Field(description="Bound at any of `scopes`, it would allow this")
    scopes: tuple[Scope, ...]

    @classmethod
    def of(cls, explanation: Explanation) -> "ExplanationView":
        grants = tuple(
            GrantView(binding=grant.binding, role_id=grant.role.id, rule=grant.rule, inherited=grant.inherited)
            for grant in explanation.grants
        )
        return cls(text=explanation.text, grants=grants, needed=explanation.needed, scopes=explanation.scopes)


class ReviewAnswer(Output):
    allowed: bool
    visible: bool = Field(description="Not allowed and visible: answer 403 with the reason. Not visible: 404")
    reason: str
    revision: int
    explanation: ExplanationView | None = None


class ReviewAnswers(Output):
    revision: int
    reviews: tuple[ReviewAnswer, ...]


class RulesQuestion(Input):
    """What may he do here?"""

    actor: ActorInput | None = Field(default=None, description="None: the acting user of the token")
    place: PlaceInput = PlaceInput()


class RulesAnswer(Output):
    revision: int
    rules: tuple[Rule, ...]


class WhoQuestion(Question):
    pass


class WhoView(Output):
    subject: Subject
    binding_ids: tuple[str, ...]


class WhoAnswer(Output):
    revision: int
    subjects: tuple[WhoView, ...] = Field(description="A group stands for all its members")
