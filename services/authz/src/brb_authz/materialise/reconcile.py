"""The loop's pass for one cluster: its access, as it stands in PostgreSQL, becomes its RBAC.

Woken by every change that touches the cluster; comes back every minute to put drift right.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from brb_authz.materialise import repository
from brb_authz.materialise.api import ClusterApi, ClusterApis
from brb_authz.materialise.cluster import FIELD_MANAGER, ensure_access
from brb_authz.materialise.facts import ClusterFacts
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.ids import ClusterId
from brb_shared.database import Database
from brb_shared.hub import GrantedAccess
from brb_shared.kubernetes.errors import ClusterRefused
from brb_shared.reconcile import Absent, Again, Lease, ReconcileError, Result, Settled, TransientError

log = structlog.get_logger()

KIND = "cluster"
_PREFIX = f"{KIND}:"
RECHECK = timedelta(minutes=1)
_NO_API_YET = timedelta(seconds=10)
_RENEW_BEFORE = timedelta(minutes=10)
_UNAUTHORIZED = 401


class Hub(Protocol):
    async def cluster_access(self, cluster_id: ClusterId) -> GrantedAccess | None: ...


def key_of(cluster_id: str) -> str:
    return f"{_PREFIX}{cluster_id}"


class ClusterReconciler:
    def __init__(self, database: Database, hub: Hub, clients: ClusterApis) -> None:
        self._database = database
        self._hub = hub
        self._clients = clients
        self._granted: dict[ClusterId, GrantedAccess] = {}

    async def reconcile(self, key: str, lease: Lease) -> Result:
        cluster_id = ClusterId(key.removeprefix(_PREFIX))
        facts = await self._facts(cluster_id)
        if facts is None:
            await self._forget(cluster_id, lease)
            return Absent()
        client = await self._client(cluster_id)
        if client is None:
            return Again(_NO_API_YET, "NoClusterApiYet")
        foreign = await self._write(client, facts)
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            await repository.record(session, cluster_id, facts.revision, foreign)
        return Settled(RECHECK)

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            await repository.record_error(session, key.removeprefix(_PREFIX), error.message)

    async def _write(self, client: ClusterApi, facts: ClusterFacts) -> frozenset[str]:
        try:
            return await ensure_access(client, facts)
        except ClusterRefused as refused:
            if refused.status == _UNAUTHORIZED:  # the cluster's CA was renewed: the certificate is of no use any more
                self._granted.pop(ClusterId(facts.cluster_id), None)
            message = f"The cluster refuses that access is written into it: {refused}"
            raise TransientError(ErrorCode.KUBERNETES_STEP_FAILED, message) from refused

    async def _facts(self, cluster_id: ClusterId) -> ClusterFacts | None:
        async with self._database.sessions() as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            return await repository.load_facts(session, cluster_id)

    async def _client(self, cluster_id: ClusterId) -> ClusterApi | None:
        granted = self._granted.get(cluster_id)
        if granted is None or granted.expires_at - _RENEW_BEFORE < datetime.now(UTC):
            granted = await self._hub.cluster_access(cluster_id)
            if granted is None:
                return None
            self._granted[cluster_id] = granted
        return self._clients.of(cluster_id, granted.access, FIELD_MANAGER)

    async def _forget(self, cluster_id: ClusterId, lease: Lease) -> None:
        self._granted.pop(cluster_id, None)
        await self._clients.forget(cluster_id)
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            await repository.forget(session, cluster_id)
