"""Calls between services: a signed token of a minute's life, Ed25519 only, with issuer, audience and acting user."""

import base64
import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Header, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from brb_shared.contracts.registry import Service
from brb_shared.contracts.tenant import Tenant
from brb_shared.http.problems import Problem
from brb_shared.nkey import private_key_of_seed, public_nkey_of, raw_public_key

_ALGORITHMS = ["Ed25519"]
_LIFE_SECONDS = 60
_LEEWAY_SECONDS = 10


@dataclass(frozen=True)
class Caller:
    """Who calls: a service, and the user it acts for, with the user's name and groups as the service knows them.

    `tenant`: the Keystone project in which the user acts, where the calling service knows it.
    """

    service: Service
    user: str | None
    user_name: str = ""
    groups: tuple[str, ...] = ()
    tenant: Tenant | None = None


class ServiceKey:
    """A service's own private key."""

    def __init__(self, service: Service, private_key: Ed25519PrivateKey) -> None:
        self._service = service
        self._private_key = private_key
        pem = private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._jwk = OKPKey.import_key(pem)

    @classmethod
    def load(cls, path: Path, service: Service) -> "ServiceKey":
        """Read the service's nkey seed, the same that is its NATS login. Raises ValueError."""
        return cls(service, private_key_of_seed(path.read_text()))

    @property
    def public_nkey(self) -> str:
        """As others' configuration has it."""
        return public_nkey_of(self._private_key)

    def token(
        self,
        audience: Service,
        user: str | None = None,
        *,
        user_name: str = "",
        groups: Sequence[str] = (),
        tenant: Tenant | None = None,
    ) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._service.value,
            "aud": audience.value,
            "iat": now,
            "exp": now + _LIFE_SECONDS,
            "jti": uuid.uuid4().hex,
        }
        if user is not None:
            claims |= {"sub": user, "name": user_name, "groups": list(groups)}
        if tenant is not None:
            claims["tenant"] = tenant.document()
        return jwt.encode({"alg": "Ed25519", "typ": "JWT"}, claims, self._jwk, algorithms=_ALGORITHMS)

    def headers(
        self,
        audience: Service,
        user: str | None = None,
        *,
        user_name: str = "",
        groups: Sequence[str] = (),
        tenant: Tenant | None = None,
    ) -> dict[str, str]:
        token = self.token(audience, user, user_name=user_name, groups=groups, tenant=tenant)
        return {"Authorization": f"Bearer {token}"}


class ServiceVerifier:
    """Knows the other services' public keys from configuration."""

    def __init__(self, me: Service, public_keys: dict[Service, str]) -> None:
        """`public_keys`: each service's public nkey (U…)."""
        self._me = me
        self._keys = {service: _public_jwk(encoded) for service, encoded in public_keys.items()}

    @classmethod
    def load(cls, path: Path, me: Service) -> "ServiceVerifier":
        """Read the JSON file of service name to public key; names this version does not know are passed over."""
        known = {service.value for service in Service}
        entries = json.loads(path.read_text())
        return cls(me, {Service(name): key for name, key in entries.items() if name in known})

    def verify(self, token: str) -> Caller:
        """Raises Problem 401."""
        try:
            issuer = Service(_unverified_issuer(token))
            claims = jwt.decode(token, self._keys[issuer], algorithms=_ALGORITHMS).claims
            self._claims.validate(claims)
            tenant = Tenant.model_validate(claims["tenant"]) if "tenant" in claims else None
        except (JoseError, ValueError, LookupError) as error:
            raise Problem(401, "invalid_service_token", "The service token is not valid") from error
        return Caller(issuer, claims.get("sub"), str(claims.get("name", "")), tuple(claims.get("groups", ())), tenant)

    @property
    def _claims(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            aud={"essential": True, "value": self._me.value},
            iss={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )


def service_caller(*allowed: Service) -> Callable[..., Caller]:
    """A FastAPI dependency that lets only these services in. The app keeps its verifier in `app.state.verifier`."""

    def dependency(request: Request, authorization: Annotated[str, Header()] = "") -> Caller:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Problem(401, "service_token_missing", "This route is for services: send a service token")
        verifier: ServiceVerifier = request.app.state.verifier
        caller = verifier.verify(token)
        if caller.service not in allowed:
            raise Problem(403, "service_not_allowed", f"The service {caller.service} may not call this route")
        return caller

    return dependency


def _unverified_issuer(token: str) -> str:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims.get("iss"))


def _public_jwk(nkey: str) -> OKPKey:
    x = base64.urlsafe_b64encode(raw_public_key(nkey)).rstrip(b"=").decode()
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
