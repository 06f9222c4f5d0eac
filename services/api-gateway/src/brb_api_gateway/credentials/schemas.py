"""Bodies of /v1/credentials."""

from datetime import datetime

from pydantic import Field, SecretStr, model_validator

from brb_shared.contracts.bodies import Input, Output
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId


class CredentialCreate(Input):
    """Without id and secret a restricted application credential is made in Keystone through the session."""

    name: str = Field(min_length=1, max_length=100, examples=["team-a"])
    application_credential_id: str | None = Field(default=None, description="An existing restricted one")
    application_credential_secret: SecretStr | None = Field(default=None, description="Its secret; never given back")

    @model_validator(mode="after")
    def _both_or_none(self) -> "CredentialCreate":
        if (self.application_credential_id is None) != (self.application_credential_secret is None):
            raise ValueError("give application_credential_id and application_credential_secret together, or neither")
        return self


class CredentialView(Output):
    id: CredentialId
    name: str
    cloud: CloudId
    project_id: str
    user_id: str = Field(description="Keystone user that owns the application credential")
    application_credential_id: str
    created_by_platform: bool = Field(description="Made here: deleting it also deletes it in Keystone")
    cluster_id: ClusterId | None = Field(default=None, description="Made for this cluster, and goes with it")
    created_at: datetime


class WorkerCredential(Output):
    """What `brb_shared.hub.HubClient` reads; the only answer that carries a secret, and to services only."""

    credential_id: CredentialId
    cloud: CloudId
    name: str
    project_id: str
    user_id: str
    application_credential_id: str
    application_credential_secret: str
