"""Bodies of /v1/sign-ins."""

from datetime import datetime

from pydantic import Field, model_validator

from brb_api_gateway.sign_ins.return_address import LONGEST, is_loopback, is_own_path
from brb_shared.contracts.bodies import Input, Output


class SignInCreate(Input):
    identity_provider: str = Field(min_length=1, max_length=64, description="An id of GET /v1/sign-in-choices")
    return_to: str = Field(
        max_length=LONGEST,
        description="Where the browser goes at the end: a path of this site (`/…`), or, for programs, "
        "`http://127.0.0.1:<port>/…` or `http://[::1]:<port>/…`. There it finds `code` (programs), or `error` and "
        "`error_description`",
        examples=["/"],
    )
    code_challenge: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{43}$",
        description="For programs: base64url of the SHA-256 of a secret of their own (PKCE, S256), with which they "
        'turn the code into a session: POST /v1/sessions `{"auth": {"method": "oidc", "code", "code_verifier"}}`',
    )

    @model_validator(mode="after")
    def _is_one_of_both_forms(self) -> "SignInCreate":
        if not is_own_path(self.return_to) and not is_loopback(self.return_to):
            raise ValueError(
                "return_to must be a path of this site, or a http address of 127.0.0.1 or [::1] with a port"
            )
        if is_loopback(self.return_to) != (self.code_challenge is not None):
            raise ValueError("code_challenge is needed with an address of 127.0.0.1 or [::1], and only there")
        return self


class SignInView(Output):
    id: str
    authorization_url: str = Field(description="Send the browser there")
    expires_at: datetime = Field(description="It has to be finished by then")
