"""What the loop works on, by the kind of key."""

from brb_api_gateway import housekeeping
from brb_api_gateway.clusters.controller import ClusterController
from brb_api_gateway.credentials.removal import CredentialRemoval
from brb_api_gateway.housekeeping import Housekeeping
from brb_api_gateway.webhooks.delivery import Deliverer
from brb_shared.reconcile import Lease, ReconcileError, Result


class GatewayReconciler:
    def __init__(
        self,
        clusters: ClusterController,
        credentials: CredentialRemoval,
        deliveries: Deliverer,
        housekeeping: Housekeeping,
    ) -> None:
        self._clusters = clusters
        self._credentials = credentials
        self._deliveries = deliveries
        self._housekeeping = housekeeping

    async def reconcile(self, key: str, lease: Lease) -> Result:
        match key.partition("-")[0]:
            case "cr":
                return await self._credentials.reconcile(key, lease)
            case "msg":
                return await self._deliveries.reconcile(key, lease)
            case housekeeping.KEY:
                return await self._housekeeping.reconcile()
        return await self._clusters.reconcile(key, lease)

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        """Only clusters have conditions; the others' failures are in the log and on their rows."""
        if key.startswith("c-"):
            await self._clusters.report(key, lease, error, failures)
