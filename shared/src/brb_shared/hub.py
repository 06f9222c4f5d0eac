"""How a worker asks the hub for what may not travel in a message: a cluster's cloud credential."""

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.ids import CloudId, CredentialId
from brb_shared.contracts.registry import Service
from brb_shared.http.service_tokens import ServiceKey
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

    async def close(self) -> None:
        await self._client.aclose()


def _unavailable(why: str) -> TransientError:
    return TransientError(ErrorCode.INTERNAL, f"The api-gateway does not hand out the cloud credential ({why})")
