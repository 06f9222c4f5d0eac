"""What the API of projects and namespaces takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from brb_shared.contracts.access_api.roles import Description, DisplayName
from brb_shared.contracts.bodies import Id, Input, Output

Quantity = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti|P|Pi|E|Ei)?$", max_length=32)]
QuotaKey = Annotated[str, Field(pattern=r"^[a-z0-9.-]+(/[A-Za-z0-9.-]+)?$", max_length=128)]
Quota = Annotated[dict[QuotaKey, Quantity], Field(max_length=64)]
"""By ResourceQuota's keys, such as {"requests.cpu": "4", "pods": "50"}."""
NamespaceName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", max_length=63)]


class ContainerLimit(Input):
    """A LimitRange of type Container: what a container without its own requests and limits gets."""

    default: Quota = Field(default_factory=dict, description="Limits, such as {cpu: 500m, memory: 256Mi}")
    default_request: Quota = Field(default_factory=dict)


class ProjectCreate(Input):
    cluster_id: Id
    display_name: DisplayName
    description: Description = ""
    resource_quota: Quota = Field(default_factory=dict, description="For all its namespaces together")
    namespace_default_resource_quota: Quota = Field(default_factory=dict, description="For each of its namespaces")
    container_default_resource_limit: ContainerLimit = ContainerLimit()


class ProjectPatch(Input):
    """A JSON merge patch of whole fields; the cluster stays what it is."""

    display_name: DisplayName | None = None
    description: Description | None = None
    resource_quota: Quota | None = None
    namespace_default_resource_quota: Quota | None = None
    container_default_resource_limit: ContainerLimit | None = None


class ProjectView(Output):
    id: str
    cluster_id: str
    display_name: str
    description: str
    resource_quota: dict[str, str]
    namespace_default_resource_quota: dict[str, str]
    container_default_resource_limit: ContainerLimit
    generation: int
    created_at: datetime
    created_by: str
    revision: int


class NamespaceCreate(Input):
    name: NamespaceName
    project_id: Annotated[Id, Field(min_length=1)]
    resource_quota: Quota = Field(default_factory=dict, description="Instead of the project's default; empty: that one")


class NamespacePatch(Input):
    """Moving it needs rights on both projects. Empty: out of any project, which needs rights on the cluster."""

    project_id: Id | None = None
    resource_quota: Quota | None = None


class NamespaceView(Output):
    cluster_id: str
    name: str
    project_id: str
    adopt: bool = Field(description="Whether one that stands in the cluster already may be taken over")
    resource_quota: dict[str, str]
    generation: int
    created_at: datetime
    created_by: str
    revision: int
