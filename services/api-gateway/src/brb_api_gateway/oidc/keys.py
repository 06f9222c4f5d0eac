"""The public keys with which an issuer signs. Source: RFC 7517; OpenID Connect Core 1.0, 10.1."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from joserfc import jwk
from joserfc.errors import JoseError

from brb_api_gateway.oidc.errors import misconfigured, unavailable
from brb_api_gateway.oidc.http import IssuerHttp

PublicKey = jwk.RSAKey | jwk.ECKey | jwk.OKPKey

_KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
ALGORITHMS = tuple(_KEY_TYPES)
"""Never `none`, never a shared secret: with those, whoever knows the public key could sign."""


@dataclass(frozen=True)
class KeySet:
    keys: tuple[PublicKey, ...]

    def find(self, kid: str | None, algorithm: str) -> PublicKey | None:
        """By its id; without one only where there is no choice."""
        fitting = [key for key in self.keys if _fits(key, algorithm) and (kid is None or key.get("kid") == kid)]
        return fitting[0] if len(fitting) == 1 or (fitting and kid is not None) else None


async def fetch_keys(http: IssuerHttp, issuer: str, url: str) -> tuple[KeySet, int | None]:
    """Raises Problem 502 or 503."""
    answer = await http.get(issuer, url)
    if not answer.is_success:
        raise unavailable(issuer, f"answers {answer.status} when asked for its keys")
    members = answer.document.get("keys")
    keys = tuple(_usable(members)) if isinstance(members, list) else ()
    if not keys:
        raise misconfigured(issuer, f"has no key of the kinds that are taken ({', '.join(ALGORITHMS)})")
    return KeySet(keys), answer.max_age_seconds


def _usable(members: list[Any]) -> Iterator[PublicKey]:
    """Others are passed over: a set may hold keys of other purposes and kinds. Source: RFC 7517, 5."""
    for member in members:
        if not isinstance(member, dict) or member.get("use", "sig") != "sig":
            continue
        if member.get("kty") not in _KEY_TYPES.values():
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # an RSA key that is too short is only warned of
                key = jwk.import_key(member)
        except (JoseError, ValueError, TypeError, Warning):
            continue
        if isinstance(key, PublicKey):
            yield key


def _fits(key: PublicKey, algorithm: str) -> bool:
    return key.key_type == _KEY_TYPES[algorithm] and key.get("alg") in (None, algorithm)
