"""The parts of the API's answers that the command line reads. What it does not know it keeps, for `-o json`."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)

    def document(self) -> dict[str, Any]:
        """As the API sent it."""
        return self.model_dump(mode="json", exclude_unset=True)


class Metadata(Document):
    id: str
    name: str
    generation: int = 1
    created_at: datetime | None = None


class Pool(Document):
    name: str
    quantity: int = 1
    control_plane_role: bool = False
    worker_role: bool = False


class Spec(Document):
    machine_pools: tuple[Pool, ...] = ()


class Condition(Document):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    code: str | None = None
    user_fixable: bool = False


class Progress(Document):
    percent: int = 0
    stage: str = ""
    message: str = ""
    elapsed_seconds: float = 0


class Machine(Document):
    name: str
    pool: str = ""
    role: str = ""
    state: str | None = None
    floating_address: str | None = None
    private_address: str | None = None
    node_ready: bool = False
    leaving: bool = False
    message: str = ""


class Resource(Document):
    type: str
    id: str
    name: str = ""


class Status(Document):
    state: str = "Pending"
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()
    progress: Progress = Progress()
    machines: tuple[Machine, ...] = ()

    def condition(self, type_: str) -> Condition | None:
        return next((condition for condition in self.conditions if condition.type == type_), None)


class Cluster(Document):
    metadata: Metadata
    spec: Spec = Spec()
    status: Status = Status()

    @property
    def etag(self) -> str:
        return f'"{self.metadata.generation}"'

    @property
    def problem(self) -> Condition | None:
        """What keeps it from getting on, where a failure with a code does."""
        type_ = "Deleting" if self.status.state == "Deleting" else "Ready"
        condition = self.status.condition(type_)
        return condition if condition is not None and condition.code else None


class Event(Document):
    """One entry of a timeline."""

    id: str
    cluster_id: str = ""
    at: datetime
    stage: str = ""
    reason: str
    message: str = ""
    severity: str = "normal"
    machine: str | None = None


class QuotaNeed(Document):
    resource: str
    need: int
    fits: bool = True


class Plan(Document):
    fits: bool
    message: str = ""
    code: str | None = None
    quota: tuple[QuotaNeed, ...] = ()


class DeletionReport(Document):
    removed: tuple[Resource, ...] = ()
    remaining: tuple[Resource, ...] = ()
    kept: tuple[Resource, ...] = ()


class Session(Document):
    id: str
    cloud: str | None = None
    method: str = ""
    expires_at: str
    user: dict[str, str] = {}
    project: dict[str, str] | None = None
