"""The way into the clouds: a connection for each cluster, kept open between passes."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from brb_provisioner.errors import Unauthenticated, misconfigured, unauthenticated
from brb_provisioner.ledger import Access
from brb_provisioner.openstack.cloud import Cloud
from brb_provisioner.openstack.sdk_cloud import (
    ApplicationCredential,
    Bounds,
    SdkCloud,
    connect_application_credential,
    connect_operator,
)
from brb_provisioner.settings import ProvisionerSettings
from brb_shared.clouds import Cloud as RegisteredCloud
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId
from brb_shared.contracts.infrastructure import InfrastructureDesired
from brb_shared.hub import CloudCredential, CredentialGone


class CredentialSource(Protocol):
    """The hub, as `brb_shared.hub.HubClient` speaks to it."""

    async def credential(self, credential_id: CredentialId) -> CloudCredential:
        """Raises CredentialGone."""
        ...


@dataclass(frozen=True)
class Opened:
    credential_id: CredentialId
    cloud: SdkCloud
    access: Access


class SdkClouds:
    """Implements `steps.scope.Clouds`. Secrets live in memory only."""

    def __init__(
        self, registered: Mapping[CloudId, RegisteredCloud], hub: CredentialSource, settings: ProvisionerSettings
    ) -> None:
        self._registered = registered
        self._hub = hub
        pool = ThreadPoolExecutor(settings.api_threads, thread_name_prefix="openstack")
        self._bounds = Bounds(pool, settings.api_timeout_seconds, settings.calls_per_cluster)
        self._open: dict[ClusterId, Opened] = {}

    def registered(self, cloud_id: CloudId) -> RegisteredCloud:
        if cloud_id not in self._registered:
            raise misconfigured(f"This platform does not know the cloud {cloud_id} (any more): register it, then retry")
        return self._registered[cloud_id]

    async def cluster_access(self, desired: InfrastructureDesired) -> tuple[Cloud, Access]:
        registered, id_ = self.registered(desired.cloud), desired.cluster_id
        opened = self._open.get(id_)
        if opened is None or opened.credential_id != desired.credential_id:
            self.forget(id_)
            opened = self._open[id_] = await self._connect(registered, desired.credential_id)
        return opened.cloud, opened.access

    async def operator_access(self, cloud_id: CloudId, project_id: str) -> Cloud | None:
        """With a token of the project if the operator has a role there, else as administrator from outside."""
        registered = self.registered(cloud_id)
        if registered.operator is None:
            return None
        inside = connect_operator(registered, registered.operator, project_id, self._bounds, is_foreign=False)
        try:
            await inside.authenticate()
        except Unauthenticated:
            return connect_operator(registered, registered.operator, project_id, self._bounds, is_foreign=True)
        return inside

    def forget(self, cluster_id: ClusterId) -> None:
        opened = self._open.pop(cluster_id, None)
        if opened is not None:
            opened.cloud.close()

    async def close(self) -> None:
        for cluster_id in list(self._open):
            self.forget(cluster_id)
        self._bounds.pool.shutdown(wait=False, cancel_futures=True)

    async def _connect(self, registered: RegisteredCloud, credential_id: CredentialId) -> Opened:
        try:
            credential = await self._hub.credential(credential_id)
        except CredentialGone as error:
            raise unauthenticated("The platform does not have the cluster's credential any more") from error
        secret = credential.application_credential_secret.get_secret_value()
        own = ApplicationCredential(credential.application_credential_id, secret, credential.project_id)
        cloud = connect_application_credential(registered, own, self._bounds)
        access = Access(
            credential.project_id, credential.user_id, credential.application_credential_id, credential.name
        )
        return Opened(credential_id, cloud, access)
