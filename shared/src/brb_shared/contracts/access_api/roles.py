"""What the API of role templates takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from brb_shared.access.dangerous import Danger
from brb_shared.access.impact import Change
from brb_shared.access.model import Context, Rule, Scope, Subject
from brb_shared.contracts.bodies import Id, Input, Output

MOST_RULES = 200
Words = Annotated[tuple[Id, ...], Field(max_length=200)]


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("must be a line of printable characters")
    return text


DisplayName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_printable)]
Description = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]


class RuleInput(Input):
    """As a PolicyRule of Kubernetes: resources, or non-resource URLs. Custom verbs are allowed."""

    verbs: Words
    api_groups: Words = ()
    resources: Words = ()
    resource_names: Words = ()
    non_resource_urls: Words = ()

    def rule(self) -> Rule:
        return Rule(self.verbs, self.api_groups, self.resources, self.resource_names, self.non_resource_urls)


class RoleCreate(Input):
    display_name: DisplayName
    description: Description = ""
    context: Context
    rules: Annotated[tuple[RuleInput, ...], Field(max_length=MOST_RULES)] = ()
    inherits: Words = Field(default=(), description="Ids of roles whose rules are added")


class RolePatch(Input):
    """A JSON merge patch; the context stays what it is."""

    display_name: DisplayName | None = None
    description: Description | None = None
    rules: Annotated[tuple[RuleInput, ...], Field(max_length=MOST_RULES)] | None = None
    inherits: Words | None = None


class DangerView(Output):
    code: str
    text: str
    rule: Rule

    @classmethod
    def of(cls, danger: Danger) -> "DangerView":
        return cls(code=str(danger.code), text=danger.text, rule=danger.rule)


class RoleView(Output):
    id: str
    display_name: str
    description: str
    context: Context
    rules: tuple[Rule, ...]
    inherits: tuple[str, ...]
    builtin: bool = Field(description="Built-in roles cannot be changed or deleted")
    dangers: tuple[DangerView, ...] = Field(description="What in it (inherited rules too) amounts to more than it says")
    generation: int
    created_at: datetime
    created_by: str
    revision: int = Field(description="Of the access world; give it as `min_revision` to see this change decided on")


class ImpactView(Output):
    """What a change would do to one subject at one scope."""

    subject: Subject
    scope: Scope
    gained: tuple[Rule, ...]
    lost: tuple[Rule, ...]

    @classmethod
    def of(cls, change: Change) -> "ImpactView":
        return cls(subject=change.subject, scope=change.scope, gained=tuple(change.gained), lost=tuple(change.lost))


class PlanView(Output):
    """The answer of `validate_only`: nothing was changed. A refused change is a problem here too."""

    dangers: tuple[DangerView, ...]
    changes: tuple[ImpactView, ...]
