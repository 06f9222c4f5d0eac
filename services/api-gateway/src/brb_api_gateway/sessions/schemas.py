"""Bodies of /v1/sessions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from brb_api_gateway.schemas import Input, Output
from brb_shared.contracts.ids import CloudId


class PasswordSignIn(Input):
    method: Literal["password"] = "password"  # the name of a method
    username: str = Field(min_length=1, max_length=255, examples=["demo"])
    password: SecretStr
    user_domain_name: str = Field(default="Default", description="Keystone domain of the user")
    project_name: str | None = Field(default=None, description="None: the user's default or only project")
    project_id: str | None = Field(default=None, description="Wins over `project_name`")
    project_domain_name: str = Field(default="Default", description="Keystone domain of the project")


class ApplicationCredentialSignIn(Input):
    method: Literal["application_credential"] = "application_credential"
    id: str = Field(min_length=1, max_length=255, description="Id of the application credential")
    secret: SecretStr


class SessionCreate(Input):
    cloud: CloudId | None = Field(default=None, description="Id of the cloud; may be left out where there is only one")
    auth: Annotated[PasswordSignIn | ApplicationCredentialSignIn, Field(discriminator="method")]
    cookie: bool = Field(
        default=False, description="Also set the token as an HttpOnly, SameSite=Lax cookie (for browsers)"
    )


class UserRef(Output):
    id: str
    name: str


class ProjectRef(Output):
    id: str
    name: str


class SessionView(Output):
    id: str
    cloud: CloudId
    user: UserRef
    project: ProjectRef
    method: str
    created_at: datetime
    expires_at: datetime = Field(description="Sign in again after this")


class SessionCreated(SessionView):
    token: str = Field(description="Send it as `Authorization: Bearer <token>`. It is shown this once only")
