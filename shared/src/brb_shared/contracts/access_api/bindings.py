"""What the API of bindings takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from brb_shared.access.model import Level, Scope, Subject, SubjectKind
from brb_shared.contracts.access_api.roles import DangerView
from brb_shared.contracts.bodies import Id, Input, Output


class SubjectInput(Input):
    """Ids, never names: a user's id, a group's id such as `keystone:<cloud>:<project id>`."""

    kind: SubjectKind
    id: Annotated[Id, Field(min_length=1)]

    def subject(self) -> Subject:
        return Subject(self.kind, self.id)


class ScopeInput(Input):
    """Only the fields of its level: cluster {cluster_id}, project {project_id}, namespace {cluster_id, namespace}."""

    level: Level
    cluster_id: Id = ""
    project_id: Id = ""
    namespace: Id = ""
    api_group: Id = ""
    resource: Id = ""
    name: Id = ""

    def scope(self) -> Scope:
        place = (self.cluster_id, self.project_id, self.namespace)
        return Scope(self.level, *place, self.api_group, self.resource, self.name)


class BindingCreate(Input):
    subject: SubjectInput
    role_id: Id
    scope: ScopeInput


class BindingPatch(Input):
    """Another role or another subject at the same scope; judged as a new binding would be."""

    subject: SubjectInput | None = None
    role_id: Id | None = None


class BindingView(Output):
    id: str
    subject: Subject
    role_id: str
    scope: Scope
    dangers: tuple[DangerView, ...] = Field(description="What in the role amounts to more than it says")
    generation: int
    created_at: datetime
    created_by: str
    revision: int = Field(description="Of the access world; give it as `min_revision` to see this change decided on")
