"""Bodies of /v1/sessions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from brb_shared.contracts.bodies import Input, Output
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


class OidcSignIn(Input):
    """The end of a program's sign-in, see POST /v1/sign-ins."""

    method: Literal["oidc"] = "oidc"
    code: SecretStr = Field(description="As it came to the program's own address; good once, and for a minute")
    code_verifier: SecretStr = Field(description="The secret whose SHA-256 was the `code_challenge`")


class BreakGlassSignIn(Input):
    method: Literal["break_glass"] = "break_glass"
    password: SecretStr = Field(description="Of `python -m brb_api_gateway break-glass`; good for one sign-in")


class SessionCreate(Input):
    cloud: CloudId | None = Field(
        default=None, description="Id of the cloud, for Keystone; may be left out where there is only one"
    )
    auth: Annotated[
        PasswordSignIn | ApplicationCredentialSignIn | OidcSignIn | BreakGlassSignIn, Field(discriminator="method")
    ]
    cookie: bool = Field(
        default=False, description="Also set the token as an HttpOnly, SameSite=Lax cookie (for browsers)"
    )


class CloudProjectPut(Input):
    """An application credential of the project to act in. It is not kept, only the token that Keystone gives for it."""

    cloud: CloudId | None = Field(default=None, description="Id of the cloud; may be left out where there is only one")
    application_credential_id: str = Field(min_length=1, max_length=255)
    application_credential_secret: SecretStr


class UserRef(Output):
    id: str
    name: str


class ProjectRef(Output):
    id: str
    name: str


class SessionView(Output):
    id: str
    cloud: CloudId | None = Field(description="Of the project; none: the session has no project in a cloud")
    user: UserRef
    project: ProjectRef | None = Field(description="Keystone project that the session acts in")
    identity_provider: str = Field(description="Who vouches for the user, see /v1/sign-in-choices")
    method: str
    created_at: datetime
    expires_at: datetime = Field(description="Sign in again after this")


class SessionCreated(SessionView):
    token: str = Field(description="Send it as `Authorization: Bearer <token>`. It is shown this once only")
