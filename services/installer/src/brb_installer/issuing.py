"""Access for a caller or a service: a new key, signed by the cluster itself through its CSR API. Nothing is kept."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from brb_installer.cluster import Cluster
from brb_installer.kubeconfig import new_client_request
from brb_installer.repository import load_cluster
from brb_installer.schemas import Kubeconfig, KubeconfigRequest, ServiceAccess
from brb_installer.tools import Tools
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from brb_shared.http import FieldError, Problem
from brb_shared.kubernetes.access import ClusterAccess, render_kubeconfig, to_document
from brb_shared.kubernetes.errors import ClusterRefused, ClusterUnreachable
from brb_shared.kubernetes.subjects import MOST_CHARACTERS, PREFIX, service_name, user_name

log = structlog.get_logger()

SERVICE_SECONDS = 3_600


class KubeconfigIssuer:
    def __init__(self, database: Database, tools: Tools) -> None:
        self._database = database
        self._tools = tools

    async def issue(self, cluster_id: ClusterId, wanted: KubeconfigRequest) -> Kubeconfig:
        """Raises Problem 404, 409 before the cluster is initialized, 422, 503 when its API does not answer."""
        _require_own_groups(wanted)
        cluster = await self._require_initialized(cluster_id)
        log.info("Issuing a kubeconfig", cluster_id=cluster_id, user=wanted.user_id, ttl_seconds=wanted.ttl_seconds)
        expires_at = self._tools.now() + timedelta(seconds=wanted.ttl_seconds)
        user = user_name(wanted.user_id)
        access = await self._sign(cluster, user, wanted.groups, wanted.ttl_seconds)
        text = render_kubeconfig(access, cluster_name=cluster.desired.cluster_name, user_name=user)
        return Kubeconfig(kubeconfig=text, expires_at=expires_at)

    async def issue_to_service(self, cluster_id: ClusterId, service: Service) -> ServiceAccess:
        """Raises as `issue` does."""
        cluster = await self._require_initialized(cluster_id)
        log.info("Issuing a service's access", cluster_id=cluster_id, to=service)
        expires_at = self._tools.now() + timedelta(seconds=SERVICE_SECONDS)
        access = await self._sign(cluster, service_name(service), (), SERVICE_SECONDS)
        return ServiceAccess(access=to_document(access), expires_at=expires_at)

    async def _sign(self, cluster: Cluster, user: str, groups: Sequence[str], ttl_seconds: int) -> ClusterAccess:
        key, request = new_client_request(user, groups)
        name = f"brb-user-{uuid.uuid4().hex[:20]}"
        try:
            certificate = await self._tools.api(cluster).sign_client_certificate(name, request, ttl_seconds)
        except (ClusterUnreachable, ClusterRefused) as error:
            raise Problem(503, "cluster_unavailable", f"The cluster cannot sign now: {error}") from error
        return replace(self._tools.admin_access(cluster), client_certificate=certificate, client_key=key)

    async def _require_initialized(self, cluster_id: ClusterId) -> Cluster:
        async with self._database.sessions() as session:
            cluster = await load_cluster(session, cluster_id)
        if cluster is None or cluster.desired.presence is Presence.ABSENT:
            raise Problem(404, "cluster_not_found", "The installer does not know this cluster")
        if not cluster.initialized:
            raise Problem(409, "cluster_not_initialized", "The cluster has no API yet; wait until it is initialized")
        return cluster


def _require_own_groups(wanted: KubeconfigRequest) -> None:
    """Never a group of Kubernetes' own, such as system:masters, which no RBAC could take back."""
    for index, group in enumerate(wanted.groups):
        if not group.startswith(PREFIX) or len(group) > MOST_CHARACTERS:
            error = FieldError(pointer=f"/groups/{index}", detail="at most 64 characters, beginning with brb:")
            raise Problem(422, "invalid_group", "A group is not the platform's own", errors=[error])
