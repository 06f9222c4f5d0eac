"""The ID token: its signature, then its claims. Source: OpenID Connect Core 1.0, 3.1.3.6 to 3.1.3.8."""

import base64
import copy
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from brb_api_gateway.errors import sign_in_refused
from brb_api_gateway.oidc.errors import token_refused
from brb_api_gateway.oidc.keys import ALGORITHMS, PublicKey

Claims = dict[str, Any]

LEEWAY_SECONDS = 30
_HASHES = {"RS256": hashlib.sha256, "PS256": hashlib.sha256, "ES256": hashlib.sha256, "EdDSA": hashlib.sha512}


@dataclass(frozen=True)
class Expected:
    """What the token has to agree with."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


@dataclass(frozen=True)
class Signed:
    """The token's header, unproven."""

    algorithm: str
    kid: str | None


def read_header(issuer: str, token: str) -> Signed:
    """Raises Problem 502."""
    try:
        header = jws.extract_compact(token.encode(), registry=_REGISTRY).headers()
    except (JoseError, ValueError) as error:
        raise token_refused(issuer, "it is not a signed token") from error
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise token_refused(issuer, f"its algorithm is not one of {', '.join(ALGORITHMS)}")
    return Signed(algorithm, kid if isinstance(kid, str) else None)


def verify(token: str, key: PublicKey, expected: Expected, now: float) -> Claims:
    """Raises Problem 502, or 401 where it answers another sign-in."""
    algorithm = read_header(expected.issuer, token).algorithm
    try:
        claims = jwt.decode(token, key, registry=_REGISTRY).claims
    except (JoseError, ValueError) as error:
        raise token_refused(expected.issuer, "its signature does not hold") from error
    why = _wrong_parties(claims, expected) or _wrong_times(claims, now) or _wrong_hash(claims, expected, algorithm)
    if why:
        raise token_refused(expected.issuer, why)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise sign_in_refused("The identity provider answered another sign-in than this one; begin again")
    return claims


def _wrong_parties(claims: Claims, expected: Expected) -> str | None:
    if claims.get("iss") != expected.issuer:
        return "it is of another issuer"
    given = claims.get("aud")
    audiences = given if isinstance(given, list) else [given]
    if expected.client_id not in audiences:
        return "it is for another client"
    if claims.get("azp", expected.client_id) != expected.client_id or (len(audiences) > 1 and "azp" not in claims):
        return "it was not asked for by this client (azp)"
    return None


def _wrong_times(claims: Claims, now: float) -> str | None:
    expires, issued, begins = _time(claims.get("exp")), _time(claims.get("iat")), _time(claims.get("nbf", now))
    if expires is None or issued is None or begins is None:
        return "exp, iat or nbf is not a time"
    if now >= expires + LEEWAY_SECONDS:
        return "it has expired (compare the clocks)"
    if max(issued, begins) > now + LEEWAY_SECONDS:
        return "it is not valid yet (compare the clocks)"
    return None


def _wrong_hash(claims: Claims, expected: Expected, algorithm: str) -> str | None:
    """Left half of the access token's hash, by the algorithm's own hash function."""
    if "at_hash" not in claims:
        return None
    whole = _HASHES[algorithm](expected.access_token.encode()).digest()
    half = base64.urlsafe_b64encode(whole[: len(whole) // 2]).rstrip(b"=").decode()
    return None if claims["at_hash"] == half else "it belongs to another access token (at_hash)"


def _time(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


class _Algorithms(jws.JWSRegistry):
    """Only what is taken. RFC 9864 gives EdDSA with this curve the name Ed25519; issuers still say EdDSA."""

    algorithms = {name: jws.JWSRegistry.algorithms[name] for name in ALGORITHMS}  # noqa: RUF012  # joserfc's own form


_ed25519 = copy.copy(jws.JWSRegistry.algorithms["Ed25519"])
_ed25519.name = "EdDSA"
_Algorithms.algorithms["EdDSA"] = _ed25519
_REGISTRY = _Algorithms(algorithms=ALGORITHMS, strict_check_header=False)
