"""What stands in the cloud for a cluster, and the delete's report, from what the provisioner last saw. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.clusters.schemas import DeletionReport
from brb_api_gateway.clusters.spec import ClusterSpec
from brb_api_gateway.clusters.world import World
from brb_api_gateway.credentials.models import CredentialRow
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.infrastructure import ResourceRef

_NOT_OURS = "It was named in the spec, not made for this cluster: it stays"


@dataclass(frozen=True)
class CredentialEnd:
    """What became of a credential that was made for the cluster. `why_kept` is None where it is gone."""

    ref: ResourceRef
    why_kept: str | None


def credential_ref(row: CredentialRow) -> ResourceRef:
    return ResourceRef(
        type="application_credential", id=row.application_credential_id or row.keystone_name, name=row.keystone_name
    )


def standing_resources(world: World, own_credentials: Sequence[CredentialRow]) -> list[ResourceRef]:
    """The provisioner's ledger and what the gateway itself made."""
    made = list(world.infrastructure.made) if world.infrastructure else []
    return made + [credential_ref(row) for row in own_credentials]


def deletion_report(row: ClusterRow, world: World, ends: Sequence[CredentialEnd] | None = None) -> DeletionReport:
    """For the record at its end, with the `ends` of its own credentials; while it goes on without."""
    assert row.deletion_requested_at is not None
    seen = world.infrastructure
    gone = [end.ref for end in ends or () if end.why_kept is None]
    left = [end for end in ends or () if end.why_kept is not None]
    return DeletionReport(
        cluster_id=ClusterId(row.id),
        name=row.name,
        requested_at=row.deletion_requested_at,
        removed=[*(seen.removed if seen else ()), *gone],
        remaining=list(seen.remaining) if seen else [],
        kept=[*(seen.kept if seen else ()), *(end.ref for end in left)],
        credential_id=ClusterSpec.model_validate(row.spec).cloud_credential_id,
        credential_removed=bool(gone) and not left,
        credential_message=_NOT_OURS if ends == [] else "; ".join(end.why_kept or "" for end in left),
    )
