"""Calls between services: a signed token of a minute's life, Ed25519 only, with issuer, audience and acting user.

Signing and checking one costs more than most answers. So a token is used again for the same call by the same user
for half its life, and one that was found valid is known by its hash until it expires.
"""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import Header, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from brb_shared.contracts.audit import AuditUser, Verdict
from brb_shared.contracts.registry import Service
from brb_shared.contracts.tenant import Tenant
from brb_shared.http.audit import recorder_of
from brb_shared.http.problems import Problem
from brb_shared.nkey import private_key_of_seed, public_nkey_of, raw_public_key

_ALGORITHMS = ["Ed25519"]
_LIFE_SECONDS = 60
_REUSE_SECONDS = 30
_LEEWAY_SECONDS = 10
_MOST_KEPT = 10_000
_TRACED = {"request_id": "X-Request-Id", "traceparent": "traceparent"}
"""What the log knows of the request that is being answered, by the header that tells it to the next service."""

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class _Kept(Generic[KeyT, ValueT]):
    """A bounded memory of what holds until a time; the oldest makes room."""

    def __init__(self) -> None:
        self._entries: dict[KeyT, tuple[ValueT, float]] = {}

    def get(self, key: KeyT) -> ValueT | None:
        entry = self._entries.get(key)
        return entry[0] if entry is not None and time.time() < entry[1] else None

    def put(self, key: KeyT, value: ValueT, until: float) -> None:
        self._entries.pop(key, None)
        if len(self._entries) >= _MOST_KEPT:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (value, until)


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

    @property
    def audit_user(self) -> AuditUser:
        """Who acts, for the record: the user, or the service itself."""
        return AuditUser(id=self.user or f"service:{self.service}", name=self.user_name, groups=self.groups)


class ServiceKey:
    """A service's own private key."""

    def __init__(self, service: Service, private_key: Ed25519PrivateKey) -> None:
        self._service = service
        self._private_key = private_key
        pem = private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._jwk = OKPKey.import_key(pem)
        self._made: _Kept[tuple[object, ...], str] = _Kept()

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
        """Valid for half a minute at least."""
        said = (audience, user, user_name, tuple(groups), tenant)
        token = self._made.get(said)
        if token is None:
            token = self._sign(audience, user, user_name, groups, tenant)
            self._made.put(said, token, time.time() + _REUSE_SECONDS)
        return token

    def headers(
        self,
        audience: Service,
        user: str | None = None,
        *,
        user_name: str = "",
        groups: Sequence[str] = (),
        tenant: Tenant | None = None,
    ) -> dict[str, str]:
        """The token, and the id of the request that is being answered, so that the next service logs the same."""
        token = self.token(audience, user, user_name=user_name, groups=groups, tenant=tenant)
        known = structlog.contextvars.get_contextvars()
        traced = {header: known[name] for name, header in _TRACED.items() if name in known}
        return {"Authorization": f"Bearer {token}", **traced}

    def _sign(
        self, audience: Service, user: str | None, user_name: str, groups: Sequence[str], tenant: Tenant | None
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


class ServiceVerifier:
    """Knows the other services' public keys from configuration."""

    def __init__(self, me: Service, public_keys: dict[Service, str]) -> None:
        """`public_keys`: each service's public nkey (U…)."""
        self._me = me
        self._keys = {service: _public_jwk(encoded) for service, encoded in public_keys.items()}
        self._verified: _Kept[bytes, Caller] = _Kept()

    @classmethod
    def load(cls, path: Path, me: Service) -> "ServiceVerifier":
        """Read the JSON file of service name to public key; names this version does not know are passed over."""
        known = {service.value for service in Service}
        entries = json.loads(path.read_text())
        return cls(me, {Service(name): key for name, key in entries.items() if name in known})

    def verify_header(self, authorization: str) -> Caller:
        """Raises Problem 401."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Problem(401, "service_token_missing", "This is for services: send a service token")
        return self.verify(token)

    def verify(self, token: str) -> Caller:
        """Raises Problem 401."""
        digest = hashlib.sha256(token.encode()).digest()
        caller = self._verified.get(digest)
        if caller is None:
            try:
                caller, expires_at = self._decoded(token)
            except (JoseError, ValueError, LookupError) as error:
                raise Problem(401, "invalid_service_token", "The service token is not valid") from error
            self._verified.put(digest, caller, expires_at)
        return caller

    def _decoded(self, token: str) -> tuple[Caller, float]:
        """And until when it is valid. Raises JoseError, ValueError or LookupError."""
        issuer = Service(_unverified_issuer(token))
        claims = jwt.decode(token, self._keys[issuer], algorithms=_ALGORITHMS).claims
        self._claims.validate(claims)
        tenant = Tenant.model_validate(claims["tenant"]) if "tenant" in claims else None
        name, groups = str(claims.get("name", "")), tuple(claims.get("groups", ()))
        return Caller(issuer, claims.get("sub"), name, groups, tenant), float(claims["exp"])

    @property
    def _claims(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            aud={"essential": True, "value": self._me.value},
            iss={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )


def require_service(caller: Caller, allowed: Collection[Service]) -> None:
    """Raises Problem 403."""
    if caller.service not in allowed:
        raise Problem(403, "service_not_allowed", f"The service {caller.service} may not ask this")


def service_caller(*allowed: Service) -> Callable[..., Awaitable[Caller]]:
    """A FastAPI dependency that lets only these services in. The app keeps its verifier in `app.state.verifier`.

    The audit log hears who it is, and of every refusal.
    """

    async def dependency(request: Request, authorization: Annotated[str, Header()] = "") -> Caller:
        recorder = recorder_of(request)
        try:
            verifier: ServiceVerifier = request.app.state.verifier
            caller = verifier.verify_header(authorization)
            recorder.user = caller.audit_user
            require_service(caller, allowed)
        except Problem as problem:
            recorder.decision, recorder.rule = Verdict.DENY, problem.document.detail
            raise
        return caller

    return dependency


def _unverified_issuer(token: str) -> str:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims.get("iss"))


def _public_jwk(nkey: str) -> OKPKey:
    x = base64.urlsafe_b64encode(raw_public_key(nkey)).rstrip(b"=").decode()
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
