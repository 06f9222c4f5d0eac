"""The internal HTTP API: what this platform has in the cloud for a cluster, for the gateway to show."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field

from brb_provisioner.ledger import Entry, EntryState
from brb_provisioner.repository import Repository
from brb_shared.contracts.registry import Service
from brb_shared.http import Caller, problem_responses, service_caller
from brb_shared.http.audit import acts_on

router = APIRouter(prefix="/internal/v1", tags=["internal"])


class LedgerEntry(BaseModel):
    type: str = Field(description="OpenStack's name of it: server, port, network, …")
    key: str = Field(description="Its part in the cluster: main, api, or a machine's name")
    name: str = Field(description="Its name in the cloud; a floating IP has none")
    state: EntryState
    id: str | None = Field(description="None: intended, and no answer from the cloud yet")
    address: str | None = None


class ClusterLedger(BaseModel):
    cluster_id: str
    entries: list[LedgerEntry]


@router.get(
    "/clusters/{cluster_id}/ledger",
    dependencies=[Depends(acts_on("get", "clusters/resources"))],
    responses=problem_responses(401, 403),
)
async def read_ledger(
    request: Request,
    cluster_id: Annotated[str, Path(description="The cluster's id, such as c-7k3m9q2x1v")],
    _caller: Annotated[Caller, Depends(service_caller(Service.API_GATEWAY))],
) -> ClusterLedger:
    """Empty for a cluster that has nothing and never had."""
    repository: Repository = request.app.state.repository
    entries = await repository.entries(cluster_id)
    return ClusterLedger(cluster_id=cluster_id, entries=[_shown(entry) for entry in entries])


def _shown(entry: Entry) -> LedgerEntry:
    slot = entry.slot
    return LedgerEntry(
        type=slot.type,
        key=slot.key,
        name=slot.name,
        state=entry.state,
        id=entry.resource_id,
        address=entry.address,
    )
