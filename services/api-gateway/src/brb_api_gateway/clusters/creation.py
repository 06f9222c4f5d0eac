"""A cluster that is about to be: its ids, its spec with all defaults, and the row that it becomes."""

from dataclasses import dataclass
from datetime import UTC, datetime

from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.clusters.spec import ClusterSpec
from brb_api_gateway.clusters.status import StoredStatus, render_status
from brb_api_gateway.clusters.world import Cluster, World
from brb_api_gateway.credentials.service import CredentialService, Prepared
from brb_api_gateway.openstack.cloud import Catalogue
from brb_api_gateway.sessions.principal import Principal
from brb_shared.contracts.ids import ClusterId


@dataclass(frozen=True)
class ClusterDraft:
    id: ClusterId
    name: str
    labels: dict[str, str]
    spec: ClusterSpec
    makes_credential: bool
    """None was named: one is made for this cluster, and goes with it."""

    async def prepare_credential(self, credentials: CredentialService, principal: Principal) -> Prepared | None:
        if not self.makes_credential:
            return None
        return await credentials.prepare(
            principal, self.spec.cloud_credential_id, self.name, f"brb-{self.id}", cluster_id=self.id
        )


@dataclass(frozen=True)
class ClusterChange:
    """What a patch makes of a cluster. `catalogue`: what the cloud offers, where it was asked."""

    spec: ClusterSpec
    labels: dict[str, str]
    makes_credential: bool = False
    """null was given for the credential: a new one is made for this cluster, and the one before goes."""
    catalogue: Catalogue | None = None

    async def prepare_credential(
        self, credentials: CredentialService, principal: Principal, row: ClusterRow
    ) -> Prepared | None:
        if not self.makes_credential:
            return None
        new_id, cluster_id = self.spec.cloud_credential_id, ClusterId(row.id)
        name = f"brb-{cluster_id}-{new_id.removeprefix('cr-')}"  # the one before still has the plain name
        return await credentials.prepare(principal, new_id, row.name, name, cluster_id=cluster_id)


def draft_row(draft: ClusterDraft, principal: Principal) -> ClusterRow:
    now, tenant = datetime.now(UTC), principal.require_tenant()
    cluster = Cluster(
        id=draft.id,
        name=draft.name,
        cloud=tenant.cloud,
        generation=1,
        retry=0,
        deleting=False,
        spec=draft.spec,
        project_id=tenant.project_id,
    )
    status = render_status(cluster, World(), StoredStatus(), now)
    return ClusterRow(
        id=draft.id,
        cloud=tenant.cloud,
        project_id=tenant.project_id,
        name=draft.name,
        labels=draft.labels,
        spec=draft.spec.model_dump(mode="json"),
        generation=1,
        retry=0,
        created_at=now,
        created_by=principal.user_id,
        state=status.state,
        status=status.document(),
        started_at=now,
    )
