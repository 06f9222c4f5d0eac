"""One thread's connection to the authority: certbot's `acme` client, its network, and the last answer's headers."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import requests
from acme import client, messages
from josepy import interfaces, jwa, jwk
from requests.adapters import BaseAdapter

from brb_dns.certificates.acme_messages import retry_after
from brb_dns.certificates.keys import load_key
from brb_dns.certificates.ports import Login

_USER_AGENT = "brb-dns"


@dataclass(frozen=True)
class Connection:
    """How the authority is reached. `transport` replaces the network, for tests."""

    directory: str
    timeout_seconds: float
    ca_file: Path | None = None
    transport: BaseAdapter | None = None


class Session:
    """The library's client for one account, and its network. Used by one thread at a time."""

    def __init__(self, connection: Connection, key_pem: bytes, uri: str | None) -> None:
        self.key = jwk.JWKEC(key=load_key(key_pem))
        self._last: requests.Response | None = None
        verify: bool | str = str(connection.ca_file) if connection.ca_file else True
        self.net = client.ClientNetwork(
            self.key,
            alg=jwa.ES256,
            verify_ssl=cast("bool", verify),  # requests takes the path of a bundle here too
            user_agent=_USER_AGENT,
            timeout=cast("int", connection.timeout_seconds),  # requests takes a float
        )
        if connection.transport is not None:
            self.net.session.mount("https://", connection.transport)
        self.net.session.hooks["response"].append(self._remember)
        self.client = client.ClientV2(client.ClientV2.get_directory(connection.directory, self.net), self.net)
        if uri is not None:
            self.net.account = messages.RegistrationResource(body=messages.Registration(), uri=uri)

    def post(self, url: str, body: interfaces.JSONDeSerializable | None) -> requests.Response:
        """Signed by the account; without a body it reads (RFC 8555, section 6.3)."""
        return self.net.post(url, body, new_nonce_url=self.client.directory["newNonce"])

    @property
    def retry_after_seconds(self) -> float | None:
        """Of the last answer, whatever it was."""
        return retry_after(self._last.headers.get("Retry-After"), datetime.now(UTC)) if self._last is not None else None

    @property
    def status(self) -> int:
        """Of the last answer; 0: there was none."""
        return self._last.status_code if self._last is not None else 0

    def _remember(self, response: requests.Response, *_: Any, **__: Any) -> None:
        self._last = response


class Sessions(threading.local):
    """Each thread's own sessions: directories, nonces and connections are used again.

    There is one account, so there are three at most: of nobody, of its registration, of its work.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sessions: dict[tuple[bytes, str | None], Session] = {}

    def open(self, login: Login | None, key_pem: bytes) -> Session:
        key = (key_pem, login.uri if login else None)
        if key not in self._sessions:
            self._sessions[key] = Session(self._connection, *key)
        return self._sessions[key]

    def close(self) -> None:
        """Forget them: after a failure the next call starts with a fresh directory and nonce."""
        for session in self._sessions.values():
            session.net.session.close()
        self._sessions.clear()
