"""What an issuer says of itself. Source: OpenID Connect Discovery 1.0, 3 and 4."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from brb_api_gateway.oidc.errors import misconfigured, unavailable
from brb_api_gateway.oidc.http import IssuerHttp

_PATH = "/.well-known/openid-configuration"


class Metadata(BaseModel):
    """`authorization_response_iss_parameter_supported`: RFC 9207, 3."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    authorization_response_iss_parameter_supported: bool = False


async def fetch_metadata(http: IssuerHttp, issuer: str) -> tuple[Metadata, int | None]:
    """Raises Problem 502 or 503."""
    answer = await http.get(issuer, issuer.rstrip("/") + _PATH)
    if not answer.is_success:
        raise unavailable(issuer, f"answers {answer.status} when asked for its configuration")
    metadata = _parse(issuer, answer.document)
    if metadata.issuer != issuer:
        raise misconfigured(issuer, f"calls itself {metadata.issuer[:200]!r}, which must be the very same text")
    for url in (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri):
        if not http.accepts(url):
            raise misconfigured(issuer, "names an address that is not https in its configuration")
    return metadata, answer.max_age_seconds


def _parse(issuer: str, document: dict[str, Any]) -> Metadata:
    try:
        return Metadata.model_validate(document)
    except ValidationError as error:
        missing = ", ".join(str(each["loc"][0]) for each in error.errors())
        raise misconfigured(issuer, f"has a configuration without a good {missing}") from error
