"""Requests to an issuer: to allowed addresses only, bounded in time and size, not led on by a redirect."""

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx

from brb_api_gateway.oidc.address import is_acceptable
from brb_api_gateway.oidc.errors import misconfigured, unavailable
from brb_api_gateway.webhooks.target import Target, TargetPolicy, TargetRefused

LONGEST_BYTES = 1_048_576
_SECONDS = 10.0
_IDLE_SECONDS = 5.0
_PLAIN_JSON = {"Accept": "application/json", "Accept-Encoding": "identity"}  # little bytes could unpack to many
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])")


@dataclass(frozen=True)
class Answer:
    """A JSON object, or nothing where an error has no such body. `max_age_seconds`: as Cache-Control says."""

    status: int
    document: dict[str, Any]
    max_age_seconds: int | None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def open_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """It follows no redirect, which could lead to what the policy refuses, and keeps no cookie, which would tie one
    person's sign-in to the next one's. `transport`: given by tests.
    """
    nothing = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return httpx.AsyncClient(timeout=_IDLE_SECONDS, follow_redirects=False, cookies=nothing, transport=transport)


class IssuerHttp:
    def __init__(self, client: httpx.AsyncClient, policy: TargetPolicy, *, allow_http: bool) -> None:
        """`client`: of `open_client`."""
        self._client = client
        self._policy = policy
        self._allow_http = allow_http

    def accepts(self, url: str) -> bool:
        return is_acceptable(url, allow_http=self._allow_http)

    async def get(self, issuer: str, url: str, *, bearer: str | None = None) -> Answer:
        """Raises Problem 502 or 503, as `post` does; the answer may still be one of 400 to 499."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return await self._send(issuer, "GET", url, headers, None)

    async def post(
        self, issuer: str, url: str, form: Mapping[str, str], *, basic: tuple[str, str] | None = None
    ) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if basic is not None:
            headers["Authorization"] = _basic(*basic)
        return await self._send(issuer, "POST", url, headers, urlencode(form).encode())

    async def _send(self, issuer: str, method: str, url: str, headers: dict[str, str], content: bytes | None) -> Answer:
        target = await self._resolve(issuer, url)
        request = self._client.build_request(
            method,
            target.url,
            headers={**headers, **_PLAIN_JSON, "Host": target.host_header},
            content=content,
            extensions={"sni_hostname": target.server_name},
        )
        try:
            async with asyncio.timeout(_SECONDS):
                status, answered, body = await self._read(issuer, request)
        except (httpx.HTTPError, TimeoutError) as error:
            raise unavailable(issuer, f"does not answer ({type(error).__name__})") from error
        return _answer(issuer, status, answered, body)

    async def _resolve(self, issuer: str, url: str) -> Target:
        if not self.accepts(url):
            raise misconfigured(issuer, "names an address that is not https")
        try:
            return await self._policy.resolve(url)
        except TargetRefused as error:
            raise misconfigured(issuer, f"is at an address that cannot be used: {error}") from error

    async def _read(self, issuer: str, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
        response = await self._client.send(request, stream=True)
        body = bytearray()
        try:
            async for part in response.aiter_raw():
                body += part
                if len(body) > LONGEST_BYTES:
                    raise misconfigured(issuer, f"answers with more than {LONGEST_BYTES} bytes")
        finally:
            await response.aclose()
        return response.status_code, response.headers, bytes(body)


def _answer(issuer: str, status: int, headers: httpx.Headers, body: bytes) -> Answer:
    if status >= 500 or status == 429:
        raise unavailable(issuer, f"answers {status}")
    if 300 <= status < 400:
        raise misconfigured(issuer, "answers with a redirect, which is not followed: configure its final address")
    found = _MAX_AGE.search(headers.get("cache-control", "").lower())
    document = _document(body)
    if document is None and status < 300:
        raise misconfigured(issuer, "does not answer with a JSON object")
    return Answer(status, document or {}, int(found[1]) if found else None)


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _basic(client_id: str, secret: str) -> str:
    """Both are form-encoded first. Source: RFC 6749, 2.3.1."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
