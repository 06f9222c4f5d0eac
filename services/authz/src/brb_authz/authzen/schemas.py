"""AuthZEN's information model. Unknown fields are passed over, as the standard demands.

Source: OpenID AuthZEN Authorization API 1.0, sections "Information Model", "Access Evaluation(s) API", "Search APIs".
"""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MOST_PROPERTIES = 32
MOST_EVALUATIONS = 1000


class _Entity(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    properties: dict[str, Any] = Field(default={}, max_length=MOST_PROPERTIES)


class Subject(_Entity):
    type: str
    id: str


class SubjectType(_Entity):
    type: str


class Action(_Entity):
    name: str


class Resource(_Entity):
    type: str
    id: str


class ResourceType(_Entity):
    type: str


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    context: dict[str, Any] = {}


class Evaluation(_Body):
    subject: Subject
    action: Action
    resource: Resource


class Semantic(StrEnum):
    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"


class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    evaluations_semantic: Semantic = Semantic.EXECUTE_ALL


class Evaluations(_Body):
    """The top level holds the defaults of the single evaluations; they are merged before they are judged."""

    subject: dict[str, Any] = {}
    action: dict[str, Any] = {}
    resource: dict[str, Any] = {}
    options: Options = Options()
    evaluations: list[dict[str, Any]] = Field(default=[], max_length=MOST_EVALUATIONS)


class PageRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    token: str = ""
    limit: int = Field(default=1000, ge=1, le=1000)


class SubjectSearch(_Body):
    subject: SubjectType
    action: Action
    resource: Resource
    page: PageRequest = PageRequest()


class ResourceSearch(_Body):
    subject: Subject
    action: Action
    resource: ResourceType
    page: PageRequest = PageRequest()


class ActionSearch(_Body):
    subject: Subject
    resource: Resource
    page: PageRequest = PageRequest()
