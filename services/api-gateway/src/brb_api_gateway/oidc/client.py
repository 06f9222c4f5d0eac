"""The authorization code flow with PKCE: where to send the browser, and who came back.

`authorization_url` → the person signs in at the issuer → `require_issuer` → `identify`.
Source: OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9207; RFC 9700.
"""

import time
from functools import partial
from urllib.parse import urlencode, urlsplit

from brb_api_gateway.errors import sign_in_refused
from brb_api_gateway.identities.identity import Identity
from brb_api_gateway.oidc.claims import Claims, is_complete, read_identity
from brb_api_gateway.oidc.discovery import Metadata, fetch_metadata
from brb_api_gateway.oidc.errors import misconfigured, token_refused
from brb_api_gateway.oidc.http import Answer, IssuerHttp
from brb_api_gateway.oidc.id_token import Expected, read_header, verify
from brb_api_gateway.oidc.kept import Clock, Kept
from brb_api_gateway.oidc.keys import KeySet, PublicKey, fetch_keys
from brb_api_gateway.oidc.pkce import Attempt, challenge_of
from brb_api_gateway.oidc.provider import Provider
from brb_shared.http import Problem

_OUR_FAULT = frozenset({"invalid_client", "unauthorized_client"})


class OidcClient:
    """One for the process: it keeps what issuers say of themselves."""

    def __init__(self, http: IssuerHttp, redirect_uri: str, clock: Clock = time.monotonic) -> None:
        self._http = http
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._metadata: dict[str, Kept[Metadata]] = {}
        self._keys: dict[str, Kept[KeySet]] = {}

    async def authorization_url(self, provider: Provider, attempt: Attempt) -> str:
        """Raises Problem 502 or 503."""
        metadata = await self._metadata_of(provider)
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *provider.scopes))),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge_of(attempt.verifier),
            "code_challenge_method": "S256",
        }
        parts = urlsplit(metadata.authorization_endpoint)
        joined = "&".join(filter(None, (parts.query, urlencode(query))))
        return parts._replace(query=joined).geturl()

    async def require_issuer(self, provider: Provider, iss: str | None) -> None:
        """Raises Problem 401 where the answer is another issuer's: it would be given this one's code."""
        metadata = await self._metadata_of(provider)
        if iss is None and not metadata.authorization_response_iss_parameter_supported:
            return
        if iss != provider.issuer:
            raise sign_in_refused("The answer is of another identity provider than the one you chose; begin again")

    async def identify(self, provider: Provider, code: str, attempt: Attempt) -> Identity:
        """Exchange the code, and verify what comes. Raises Problem 401, 403, 502 or 503."""
        metadata = await self._metadata_of(provider)
        tokens = await self._exchange(provider, metadata, code, attempt.verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise misconfigured(provider.issuer, "gave no ID token: does the client have the scope openid?")
        key = await self._key(provider, metadata, id_token)
        expected = Expected(provider.issuer, provider.client_id, attempt.nonce, access_token)
        claims = verify(id_token, key, expected, time.time())
        url = None if is_complete(provider, claims) else metadata.userinfo_endpoint
        userinfo = await self._userinfo(provider, url, access_token, claims) if url else {}
        return read_identity(provider, claims, userinfo)

    async def _exchange(self, provider: Provider, metadata: Metadata, code: str, verifier: str) -> Claims:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        if provider.client_secret is None:
            form["client_id"] = provider.client_id
        basic = None if provider.client_secret is None else (provider.client_id, provider.client_secret)
        answer = await self._http.post(provider.issuer, metadata.token_endpoint, form, basic=basic)
        if not answer.is_success:
            raise _exchange_refused(provider, answer)
        return answer.document

    async def _key(self, provider: Provider, metadata: Metadata, id_token: str) -> PublicKey:
        """Keys change without notice: one that is not known is asked for."""
        signed = read_header(provider.issuer, id_token)
        kept = self._keys.get(metadata.jwks_uri)
        if kept is None:
            fetch = partial(fetch_keys, self._http, provider.issuer, metadata.jwks_uri)
            kept = self._keys[metadata.jwks_uri] = Kept(fetch, self._clock)
        found = (await kept.get()).find(signed.kid, signed.algorithm)
        found = found or (await kept.get_newer()).find(signed.kid, signed.algorithm)
        if found is None:
            raise token_refused(provider.issuer, "it is signed with a key that the issuer does not publish")
        return found

    async def _userinfo(self, provider: Provider, url: str, access_token: str, claims: Claims) -> Claims:
        answer = await self._http.get(provider.issuer, url, bearer=access_token)
        if not answer.is_success:
            raise misconfigured(provider.issuer, f"answers {answer.status} when asked about you (userinfo)")
        if answer.document.get("sub") != claims.get("sub"):
            raise misconfigured(provider.issuer, "told about somebody else when asked about you (userinfo)")
        return answer.document

    async def _metadata_of(self, provider: Provider) -> Metadata:
        kept = self._metadata.get(provider.issuer)
        if kept is None:
            fetch = partial(fetch_metadata, self._http, provider.issuer)
            kept = self._metadata[provider.issuer] = Kept(fetch, self._clock)
        return await kept.get()


def _exchange_refused(provider: Provider, answer: Answer) -> Problem:
    error = answer.document.get("error")
    if error == "invalid_grant":
        return sign_in_refused(
            "The identity provider does not know this sign-in any more: it took too long; begin again"
        )
    if error in _OUR_FAULT or answer.status == 401:
        return misconfigured(provider.issuer, "does not accept the platform's client id or secret")
    return misconfigured(provider.issuer, f"answers {answer.status} to the exchange of the code")
