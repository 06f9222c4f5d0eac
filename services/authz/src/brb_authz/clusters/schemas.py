"""What the internal API of clusters takes and gives."""

from typing import Annotated

from pydantic import Field

from brb_shared.contracts.access_api.bindings import SubjectInput
from brb_shared.contracts.bodies import Input, Output


class ClusterOwners(Input):
    """Who owns a new cluster: its creator, and the group of the tenant it is made in."""

    owners: Annotated[tuple[SubjectInput, ...], Field(min_length=1, max_length=16)]
    role_id: str = Field(default="cluster-owner", max_length=253)


class ClusterRevision(Output):
    cluster_id: str
    revision: int = Field(description="Of the access world that has it; give it as `min_revision`")
