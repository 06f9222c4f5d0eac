"""Bodies of /v1/users, /v1/identity-providers and /v1/sign-in-choices."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, model_validator

from brb_api_gateway.identities.identity import ProviderKind
from brb_shared.contracts.bodies import Input, Output


def _with_openid(scopes: tuple[str, ...]) -> tuple[str, ...]:
    if "openid" not in scopes:
        raise ValueError("openid must be one of them: without it the issuer does not say who it is")
    return scopes


ProviderId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$", examples=["corp"])]
_Word = Annotated[str, Field(min_length=1, max_length=255)]
_Scope = Annotated[str, Field(pattern=r"^[!#-\[\]-~]{1,100}$")]
_Scopes = Annotated[tuple[_Scope, ...], Field(max_length=20), AfterValidator(_with_openid)]
_Claim = Annotated[str, Field(min_length=1, max_length=255)]


class UserView(Output):
    id: str = Field(description="As role bindings name it: unique, never a name")
    identity_provider: str
    subject: str = Field(description="The user's id at the identity provider")
    name: str
    email: str | None
    groups: list[str] = Field(description="As told at the last sign-in, in the form in which role bindings name them")
    disabled: bool
    disabled_at: datetime | None
    created_at: datetime
    last_signed_in_at: datetime


class UserPatch(Input):
    disabled: bool = Field(description="true: cannot sign in, and all sessions and API tokens end now")


class IdentityProviderCreate(Input):
    """An OIDC issuer. Its id becomes part of the ids of its users and groups, so it never changes."""

    id: ProviderId
    kind: Literal[ProviderKind.OIDC] = ProviderKind.OIDC
    display_name: str = Field(min_length=1, max_length=100, examples=["Corporate account"])
    issuer: str = Field(
        max_length=1000, description="As the issuer writes it in `iss`", examples=["https://id.example"]
    )
    client_id: _Word
    client_secret: SecretStr | None = Field(default=None, description="None: a public client. Never given back")
    scopes: _Scopes = ("openid", "profile", "email")
    name_claim: _Claim = Field(
        default="preferred_username", description="Where there is none: name, then email, then sub"
    )
    groups_claim: _Claim = Field(default="groups", description="May be a path, such as `realm_access.roles`")
    allowed_groups: tuple[_Word, ...] = Field(
        default=(),
        max_length=100,
        description="Only who is in one of these of the issuer's groups may sign in; none: all",
    )


class IdentityProviderPatch(Input):
    """Keystones and the break-glass administrator take `disabled` only. The issuer does not change: it vouches for
    users' ids."""

    display_name: str | None = Field(default=None, min_length=1, max_length=100)
    client_id: _Word | None = None
    client_secret: SecretStr | None = Field(default=None, description="null: it becomes a public client")
    scopes: _Scopes | None = None
    name_claim: _Claim | None = None
    groups_claim: _Claim | None = None
    allowed_groups: tuple[_Word, ...] | None = Field(default=None, max_length=100)
    disabled: bool | None = Field(
        default=None, description="true: nobody signs in by it, and all its sessions and API tokens end now"
    )

    @model_validator(mode="after")
    def _null_for_the_secret_only(self) -> "IdentityProviderPatch":
        null = [name for name in self.model_fields_set if getattr(self, name) is None and name != "client_secret"]
        if null:
            raise ValueError(f"cannot be null: {', '.join(sorted(null))}")
        return self


class IdentityProviderView(Output):
    id: str
    kind: ProviderKind
    display_name: str
    disabled: bool
    disabled_at: datetime | None
    generation: int = Field(description="Grows with every change; also the ETag")
    created_at: datetime | None = Field(description="None: it is there because of the platform's configuration")
    issuer: str | None = Field(default=None, description="From here on: OIDC only")
    client_id: str | None = None
    has_client_secret: bool = False
    scopes: list[str]
    name_claim: str | None = None
    groups_claim: str | None = None
    allowed_groups: list[str]


class SignInChoice(Output):
    id: str
    kind: ProviderKind
    display_name: str
