"""An OpenID issuer of our own, which tells the truth until a test makes it lie. An ASGI application."""

import base64
import hashlib
import secrets
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

Key = RSAKey | ECKey | OKPKey | OctKey
CLIENT_ID = "brb"
CLIENT_SECRET = "canary-client-secret-71c0"
GONE: Any = object()
"""As the value of a claim or of a member of the metadata: it is left out."""


def new_key(kid: str, algorithm: str = "ES256") -> RSAKey | ECKey | OKPKey:
    parameters: Any = {"kid": kid, "use": "sig"}
    match algorithm:
        case "RS256" | "PS256":
            return RSAKey.generate_key(2048, parameters)
        case "EdDSA":
            return OKPKey.generate_key("Ed25519", parameters)
    return ECKey.generate_key("P-256", parameters)


def half_hash(text: str, function: Callable[[bytes], Any] = hashlib.sha256) -> str:
    digest = function(text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


class Issuer:
    """It takes part in a sign-in without a person: whoever is sent to it comes back with a code at once."""

    def __init__(self, url: str, client_secret: str | None = CLIENT_SECRET) -> None:
        self.url = url
        self.client_secret = client_secret
        self.key: Key = new_key("one")
        self.algorithm = "ES256"
        self.published: list[Key] = [self.key]
        self.subject = "7f3a"
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.callback: dict[str, str] = {}
        self.replaced: dict[str, Callable[[], Response]] = {}
        """By path: what is answered instead."""
        self.id_token: Callable[[dict[str, Any]], str] = self._signed
        self.asked: Counter[str] = Counter()
        self.cookies: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        paths = {
            "/.well-known/openid-configuration": self._configuration,
            "/jwks": self._jwks,
            "/authorize": self._authorize,
            "/token": self._token,
            "/userinfo": self._userinfo,
        }
        self._app = Starlette(routes=[Route(path, answer, methods=["GET", "POST"]) for path, answer in paths.items()])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked[scope["path"]] += 1
        self.cookies.extend(Request(scope).headers.getlist("cookie"))
        if scope["path"] in self.replaced:
            await self.replaced[scope["path"]]()(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def authorize(self, authorization_url: str) -> dict[str, str]:
        """The query with which the browser comes back."""
        asked = dict(parse_qsl(authorization_url.partition("?")[2]))
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return {"code": code, "state": asked["state"], **self.callback}

    async def _configuration(self, request: Request) -> Response:
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?tenant=acme",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            **self.metadata,
        }
        return JSONResponse({name: value for name, value in said.items() if value is not GONE})

    async def _jwks(self, request: Request) -> Response:
        keys = {"keys": [key.as_dict(private=False) for key in self.published]}
        return JSONResponse(keys, headers={"Set-Cookie": "who=ada; Path=/"})

    async def _authorize(self, request: Request) -> Response:
        back = urlencode(self.authorize(str(request.url)))
        return RedirectResponse(f"{request.query_params['redirect_uri']}?{back}", status_code=303)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        asked = self._codes.pop(form.get("code", ""), None)
        if not self._is_client(request, form):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        if asked is None or not _belongs(form, asked):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        said = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": self.subject,
            "iat": int(time.time()),
            "exp": int(time.time()) + 300,
            "nonce": asked["nonce"],
            **self.claims,
        }
        claims = {name: value for name, value in said.items() if value is not GONE}
        return JSONResponse({"access_token": "at-1", "token_type": "Bearer", "id_token": self.id_token(claims)})

    async def _userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer at-1"
        return JSONResponse({"sub": self.subject, **self.userinfo})

    def _is_client(self, request: Request, form: dict[str, str]) -> bool:
        if self.client_secret is None:
            return form.get("client_id") == CLIENT_ID and "authorization" not in request.headers
        pair = base64.b64encode(f"{CLIENT_ID}:{self.client_secret}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {pair}"

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": self.algorithm, "kid": self.key.kid, **self.header}
        header = {name: value for name, value in header.items() if value is not GONE}
        registry = JWSRegistry(algorithms=[self.algorithm], strict_check_header=False)
        return jwt.encode(header, claims, self.key, registry=registry)


def _belongs(form: dict[str, str], asked: dict[str, str]) -> bool:
    challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    is_same = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() == asked["code_challenge"]
    return is_same and form.get("redirect_uri") == asked["redirect_uri"]
