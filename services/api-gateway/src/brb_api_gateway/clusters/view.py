"""Rows to what the API shows, and to what `flow.py` decides upon."""

from collections.abc import Sequence
from datetime import UTC, datetime

from brb_api_gateway.clusters.flow import STAGES
from brb_api_gateway.clusters.models import AskedRow, ClusterRow, EventRow, SeenRow
from brb_api_gateway.clusters.schemas import ClusterMetadata, ClusterStatus, ClusterView, EventView, Progress
from brb_api_gateway.clusters.spec import ClusterSpec
from brb_api_gateway.clusters.status import StoredStatus
from brb_api_gateway.clusters.world import Cluster, StageName, Stages, World
from brb_shared.contracts.desired import Desired, Observed
from brb_shared.contracts.ids import CloudId, ClusterId, ProjectId

_STAGES = {stage.name: stage for stage in STAGES}


def cluster_view(row: ClusterRow) -> ClusterView:
    return ClusterView(
        metadata=ClusterMetadata(
            id=ClusterId(row.id),
            name=row.name,
            cloud=CloudId(row.cloud),
            project_id=row.project_id,
            created_at=row.created_at,
            created_by=row.created_by,
            generation=row.generation,
            deletion_requested_at=row.deletion_requested_at,
            labels=row.labels,
        ),
        spec=ClusterSpec.model_validate(row.spec),
        status=_status(row),
    )


def _status(row: ClusterRow) -> ClusterStatus:
    stored = StoredStatus.model_validate(row.status)
    return ClusterStatus(
        state=stored.state,
        observed_generation=stored.observed_generation,
        conditions=list(stored.conditions),
        progress=Progress(
            percent=stored.percent,
            stage=stored.stage,
            message=stored.message,
            started_at=row.started_at,
            finished_at=row.finished_at,
            elapsed_seconds=round(((row.finished_at or datetime.now(UTC)) - row.started_at).total_seconds(), 1),
        ),
        api_server=stored.api_server,
        kubernetes_version=stored.kubernetes_version,
        machines=stored.machines,
        app_domains=stored.app_domains,
    )


def event_view(row: EventRow) -> EventView:
    return EventView(id=row.id, **row.document)


def cluster_snapshot(row: ClusterRow, stages: Stages) -> Cluster:
    return Cluster(
        id=ClusterId(row.id),
        name=row.name,
        cloud=CloudId(row.cloud),
        generation=row.generation,
        retry=row.retry,
        deleting=row.deletion_requested_at is not None,
        spec=ClusterSpec.model_validate(row.spec),
        project_id=ProjectId(row.project_id),
        stages=stages,
    )


def world(asked: Sequence[AskedRow], seen: Sequence[SeenRow]) -> World:
    return World(
        asked={StageName(row.stage): _desired(row) for row in asked},
        seen={StageName(row.stage): _observed(row) for row in seen},
    )


def _desired(row: AskedRow) -> Desired:
    document = _STAGES[StageName(row.stage)].desired.model.model_validate(row.document)
    assert isinstance(document, Desired)
    return document


def _observed(row: SeenRow) -> Observed:
    document = _STAGES[StageName(row.stage)].observed.model.model_validate(row.document)
    assert isinstance(document, Observed)
    return document
