"""An issuer that is not ours, as an identity provider of the gateway, and the browser of someone who signs in there."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from fastapi import FastAPI

from brb_api_gateway.container import Container
from brb_api_gateway.identities.client_secret import seal_client_secret
from brb_api_gateway.identities.models import IdentityProviderRow
from brb_shared.testing.servers import Server

CALLBACK = "/v1/sign-ins/callback"


class OidcProviderMock(Server):
    """oidc-provider-mock in a process of its own. `users`: their claims."""

    name = "oidc-provider-mock"

    def __init__(self, *users: dict[str, Any]) -> None:
        super().__init__()
        self._users = users

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def command(self) -> list[str]:
        claims = [word for user in self._users for word in ("--user-claims", json.dumps(user))]
        return [
            sys.executable, "-m", "oidc_provider_mock", "--port", str(self.port), "--require-nonce", "true", *claims,
        ]  # fmt: skip


@contextmanager
def running_issuer(*users: dict[str, Any]) -> Iterator[str]:
    """Its address."""
    server = OidcProviderMock(*users)
    server.start()
    try:
        yield server.url
    finally:
        server.kill()
        server.remove()


async def add_provider(app: FastAPI, issuer: str, id_: str = "corp", secret: str | None = "hush", **more: Any) -> None:
    container: Container = app.state.container
    values = {"scopes": ["openid", "profile", "email"], "name_claim": "preferred_username", "groups_claim": "groups"}
    row = IdentityProviderRow(
        id=id_,
        kind="oidc",
        display_name="Corporate account",
        issuer=issuer,
        client_id="brb",
        sealed_client_secret=seal_client_secret(container.keyring, id_, secret) if secret else None,
        generation=1,
        created_at=datetime.now(UTC),
        **{"allowed_groups": [], **values, **more},
    )
    async with container.database.sessions.begin() as session:
        session.add(row)


async def sign_in_at(authorization_url: str, subject: str) -> dict[str, str]:
    """What a person does on the page of oidc-provider-mock; the query with which he comes back."""
    async with httpx.AsyncClient() as browser:
        form = {"action": "deny"} if subject == "nobody" else {"sub": subject}
        answer = await browser.post(authorization_url, data=form)
    assert answer.status_code == 302, answer.text
    return query_of(answer.headers["location"])


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


async def callback(client: httpx.AsyncClient, query: dict[str, str]) -> httpx.Response:
    return await client.get(CALLBACK, params=query)
