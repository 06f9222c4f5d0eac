"""How a worker asks the hub for what may not travel in a message: a cluster's cloud credential, access to a cluster."""

from dataclasses import dataclass
from datetime import datetime

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId
from brb_shared.contracts.registry import Service
from brb_shared.http.service_tokens import ServiceKey
from brb_shared.kubernetes.access import ClusterAccess, from_document
from brb_shared.reconcile.errors import TransientError
from brb_shared.secrets import redactor

_TIMEOUT_SECONDS = 10.0


class CloudCredential(BaseModel):
    """A restricted Keystone application credential. Never stored by a worker."""

    model_config = ConfigDict(frozen=True)

    credential_id: CredentialId
    cloud: CloudId
    name: str
    project_id: str
    user_id: str
    application_credential_id: str
    application_credential_secret: SecretStr


@dataclass(frozen=True)
class GrantedAccess:
    access: ClusterAccess
    expires_at: datetime


class CredentialGone(Exception):
    """The hub does not have the credential any more."""


class HubClient:
    def __init__(self, hub_url: str, key: ServiceKey, client: httpx.AsyncClient | None = None) -> None:
        self._key = key
        self._client = client or httpx.AsyncClient(base_url=hub_url, timeout=_TIMEOUT_SECONDS)

    async def credential(self, credential_id: CredentialId) -> CloudCredential:
        """Raises CredentialGone, or TransientError when the hub does not answer."""
        try:
            response = await self._client.get(
                f"/internal/v1/credentials/{credential_id}", headers=self._key.headers(Service.API_GATEWAY)
            )
        except httpx.HTTPError as error:
            raise _unavailable(type(error).__name__) from error
        if response.status_code == httpx.codes.NOT_FOUND:
            raise CredentialGone(credential_id)
        if response.is_error:
            raise _unavailable(f"HTTP {response.status_code}")
        credential = CloudCredential.model_validate_json(response.content)
        redactor.add(credential.application_credential_secret.get_secret_value())
        return credential

    async def cluster_access(self, cluster_id: ClusterId) -> GrantedAccess | None:
        """A client certificate of this service's own in the cluster; None before the cluster has an API, or after.

        Raises TransientError when the hub or the cluster does not answer.
        """
        path = f"/internal/v1/clusters/{cluster_id}/service-accesses"
        try:
            response = await self._client.post(path, headers=self._key.headers(Service.API_GATEWAY))
        except httpx.HTTPError as error:
            raise _unavailable(type(error).__name__, "a cluster's access") from error
        if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.CONFLICT):
            return None
        if response.is_error:
            raise _unavailable(f"HTTP {response.status_code}", "a cluster's access")
        return _granted(response.json())

    async def close(self) -> None:
        await self._client.aclose()


def _granted(document: dict[str, str]) -> GrantedAccess:
    access = from_document(document["access"])
    redactor.add(access.client_key.decode())
    return GrantedAccess(access, datetime.fromisoformat(document["expires_at"]))


def _unavailable(why: str, what: str = "the cloud credential") -> TransientError:
    return TransientError(ErrorCode.INTERNAL, f"The api-gateway does not hand out {what} ({why})")
