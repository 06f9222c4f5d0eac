"""The delete's report, from what the provisioner last saw. Pure."""

from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.clusters.schemas import DeletionReport
from brb_api_gateway.clusters.spec import ClusterSpec
from brb_api_gateway.clusters.world import World
from brb_shared.contracts.ids import ClusterId


def deletion_report(row: ClusterRow, world: World) -> DeletionReport:
    """While it goes on, or for the record at its end."""
    assert row.deletion_requested_at is not None
    seen = world.infrastructure
    return DeletionReport(
        cluster_id=ClusterId(row.id),
        name=row.name,
        requested_at=row.deletion_requested_at,
        removed=list(seen.removed) if seen else [],
        remaining=list(seen.remaining) if seen else [],
        kept=list(seen.kept) if seen else [],
        credential_id=ClusterSpec.model_validate(row.spec).cloud_credential_id,
    )
