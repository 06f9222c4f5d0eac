"""Bodies of /v1/clusters: `{metadata, spec, status}`. The spec itself is in `spec.py`."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field, model_validator

from brb_api_gateway.clusters.spec import ClusterSpec, ClusterSpecInput, Name
from brb_shared.contracts.bodies import Input, Output
from brb_shared.contracts.conditions import Condition, ErrorCode
from brb_shared.contracts.desired import MachineRole
from brb_shared.contracts.dns import AppDomain
from brb_shared.contracts.happened import Severity
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId
from brb_shared.contracts.infrastructure import MachineState, ResourceRef


class ClusterState(StrEnum):
    """The conditions in one word, for people."""

    PENDING = "Pending"
    CREATING = "Creating"
    READY = "Ready"
    UPDATING = "Updating"
    DEGRADED = "Degraded"
    ERROR = "Error"
    DELETING = "Deleting"


class ClusterMetadataInput(Input):
    name: Name
    labels: dict[str, str] = Field(default={}, description="For people and filters; not Kubernetes labels")


_ANSWERED_ONLY = (
    "id",
    "cloud",
    "project_id",
    "created_at",
    "created_by",
    "generation",
    "deletion_requested_at",
)


def _show_short_form(schema: dict[str, Any]) -> None:
    schema["properties"]["name"] = {"type": "string", "description": "Short for metadata.name"}
    schema["required"] = []
    pools = [
        {"name": "cp", "control_plane_role": True, "quantity": 3},
        {"name": "workers", "worker_role": True, "quantity": 5, "flavor": "m1.large"},
    ]
    schema["examples"] = [
        {"name": "x"},
        {
            "metadata": {"name": "prod", "labels": {"team": "a"}},
            "spec": {"machine_pools": pools, "api_endpoint": "load_balancer", "deletion_protection": True},
        },
    ]


class ClusterCreate(Input):
    """`{"name": "x"}` is enough; it is short for `{"metadata": {"name": "x"}, "spec": {}}`."""

    metadata: ClusterMetadataInput
    spec: ClusterSpecInput = ClusterSpecInput()

    model_config = ConfigDict(json_schema_extra=_show_short_form)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, body: Any) -> Any:
        """Move a top-level `name` into `metadata`, and drop what only an answer has, so that a GET can be sent back."""
        if not isinstance(body, dict) or not isinstance(body.get("metadata", {}), dict):
            return body
        metadata = {key: value for key, value in body.get("metadata", {}).items() if key not in _ANSWERED_ONLY}
        if "name" in body:
            metadata.setdefault("name", body["name"])
        rest = {key: value for key, value in body.items() if key not in ("name", "metadata", "status")}
        return {**rest, "metadata": metadata}


class ClusterMetadataPatch(Input):
    labels: dict[str, str | None] | None = Field(default=None, description="null removes a label")


class ClusterPatch(Input):
    """A JSON merge patch (RFC 7396): null removes a field, which gives it its default again; lists are replaced."""

    metadata: ClusterMetadataPatch = ClusterMetadataPatch()
    spec: dict[str, Any] = Field(default={}, description="Any part of the spec")

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"spec": {"deletion_protection": False}}, {"metadata": {"labels": {"team": "b"}}}]
        }
    )


class ClusterMetadata(Output):
    id: ClusterId
    name: str
    cloud: CloudId
    project_id: str
    created_at: datetime
    created_by: str = Field(description="Keystone user id")
    generation: int = Field(description="Grows with every change of the spec; also the ETag")
    deletion_requested_at: datetime | None = None
    labels: dict[str, str]


class Progress(Output):
    percent: int = Field(ge=0, le=100)
    stage: str = Field(description="infrastructure, kubernetes, or done")
    message: str = Field(default="", description="What is going on, in a sentence")
    started_at: datetime
    finished_at: datetime | None = None
    elapsed_seconds: float = Field(description="Since the last change of the spec, until it was done")


class MachineView(Output):
    name: str = Field(description="The server's, the host's and the Kubernetes node's name")
    pool: str
    role: MachineRole
    state: MachineState | None = Field(default=None, description="None: not made yet")
    server_id: str | None = None
    private_address: str | None = None
    floating_address: str | None = None
    availability_zone: str | None = None
    node_ready: bool = False
    kubernetes_version: str | None = None
    leaving: bool = Field(default=False, description="Being drained, then removed")
    message: str = Field(default="", description="Why it does not come")


class ApiServer(Output):
    host: str
    port: int
    url: str


class ClusterStatus(Output):
    state: ClusterState
    observed_generation: int = Field(description="The newest generation that all stages have taken up")
    conditions: list[Condition]
    progress: Progress
    api_server: ApiServer | None = None
    kubernetes_version: str | None = Field(default=None, description="What the API server runs")
    machines: tuple[MachineView, ...] = ()
    app_domains: tuple[AppDomain, ...] = Field(
        default=(), description="Every name below one leads to its address; empty: the platform has no zone, or not yet"
    )


class ClusterView(Output):
    metadata: ClusterMetadata
    spec: ClusterSpec
    status: ClusterStatus


class QuotaNeed(Output):
    resource: str = Field(description="instances, cores, ram_mib, floating_ips, networks, …")
    need: int = Field(description="More than there is now")
    limit: int | None = Field(description="None: unlimited")
    used: int
    free: int | None
    fits: bool


class PlannedResource(Output):
    type: str = Field(description="OpenStack's name of it: server, port, network, floating_ip, …")
    count: int


class ClusterPlan(Output):
    """What would be made, and whether it fits; nothing was made."""

    spec: ClusterSpec = Field(description="With every default filled in")
    would_make: list[PlannedResource]
    would_remove: list[PlannedResource] = Field(default=[], description="By a change")
    machines: list[str] = Field(description="Names of new ones; before a cluster exists with its future id as `…`")
    machines_leaving: list[str] = Field(default=[], description="By a change; each is drained first")
    quota: list[QuotaNeed]
    fits: bool
    code: ErrorCode | None = None
    message: str = Field(description="Such as: 2 floating IPs missing: quota 3, used 3")


class EventView(Output):
    """One entry of the timeline."""

    id: str
    cluster_id: ClusterId
    at: datetime
    source: str
    stage: str
    reason: str
    message: str
    severity: Severity
    machine: str | None = None
    code: ErrorCode | None = None


class DeletionReport(Output):
    """What a delete took away. Kept for a time after the cluster is gone."""

    cluster_id: ClusterId
    name: str
    requested_at: datetime
    finished_at: datetime | None = Field(default=None, description="None: still going on")
    removed: list[ResourceRef]
    remaining: list[ResourceRef] = Field(description="What the last listing still found; empty at the end")
    kept: list[ResourceRef] = Field(description="Left on purpose, such as a kept floating IP")
    credential_id: CredentialId | None = None
    credential_removed: bool = False
    credential_message: str = ""


class KubeconfigCreate(Input):
    expiration_seconds: int = Field(
        default=43_200, ge=600, le=86_400, description="Life of the client certificate; default 12 hours"
    )


class RetryView(Output):
    cluster_id: ClusterId
    retry: int = Field(description="How often a retry was asked for")


class RunView(Output):
    """One run of a step on a machine, as the installer keeps it."""

    id: str
    machine: str
    server_id: str
    step: str
    started_at: datetime
    ended_at: datetime | None = Field(default=None, description="None: it is running")
    exit_code: int | None = Field(default=None, description="None while it runs; 254: interrupted")


class RunOutput(RunView):
    output: str = Field(description="All it has said so far, secrets redacted")
