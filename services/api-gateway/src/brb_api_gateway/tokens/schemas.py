"""Bodies of /v1/api-tokens."""

from datetime import datetime

from pydantic import Field, SecretStr, model_validator

from brb_shared.contracts.bodies import Input, Output
from brb_shared.contracts.ids import CloudId

MOST_DAYS = 366


class ApiTokenCreate(Input):
    """The token speaks to the cloud with a restricted application credential: one made now, or the one given here."""

    name: str = Field(min_length=1, max_length=100, examples=["ci"])
    expires_in_days: float = Field(default=90, gt=0, le=MOST_DAYS, description="Days it is good for")
    verbs: tuple[str, ...] = Field(
        default=("*",), min_length=1, description="What it may do: get, list, watch, create, update, patch, delete, *"
    )
    resources: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description="What it may do it to, such as clusters or clusters/kubeconfigs; `clusters/*`: all below; *",
    )
    application_credential_id: str | None = Field(default=None, description="An existing restricted one")
    application_credential_secret: SecretStr | None = Field(default=None, description="Its secret; never given back")

    @model_validator(mode="after")
    def _both_or_none(self) -> "ApiTokenCreate":
        if (self.application_credential_id is None) != (self.application_credential_secret is None):
            raise ValueError("give application_credential_id and application_credential_secret together, or neither")
        return self


class ApiTokenView(Output):
    id: str
    name: str
    verbs: list[str]
    resources: list[str]
    cloud: CloudId | None = Field(description="None: its maker had no project in a cloud, so it does not reach one")
    project_id: str | None
    credential_id: str | None = Field(description="With which it speaks to the cloud")
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="To the minute; none: never")


class ApiTokenCreated(ApiTokenView):
    token: str = Field(description="Send it as `Authorization: Bearer <token>`. It is shown this once only")
