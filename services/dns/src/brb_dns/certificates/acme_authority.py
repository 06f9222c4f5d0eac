"""The authority over certbot's `acme` library, which is synchronous: a bounded pool of threads. See docs/adr on ACME.

Foreign errors are translated here, once. Nothing here waits for the authority: every method is one look or one act.
"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import requests
import structlog
from acme import challenges, messages
from acme import errors as acme_errors
from cryptography import x509
from josepy import errors as jose_errors

from brb_dns.certificates.acme_messages import (
    directory_identities,
    external_account,
    read_authorization,
    read_order,
    render_order,
)
from brb_dns.certificates.acme_session import Connection, Session, Sessions
from brb_dns.certificates.errors import OrderGone, refusal, unavailable
from brb_dns.certificates.keys import new_key, render_request
from brb_dns.certificates.ports import AuthorizationSeen, Login, OrderSeen, RenewalAdvice, Status
from brb_dns.certificates.renewal import ASK_INTERVAL
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.reconcile import ReconcileError

T = TypeVar("T")
log = structlog.get_logger()

_CESSATION_OF_OPERATION = 5  # RFC 5280, section 5.3.1: the name is not used any more
_LISTED_ORDERS = 50
_PAGES = 100
_ANSWER = challenges.DNS01Response(key_authorization="")
"""Goes as `{}`; an empty body would only read the challenge. Source: RFC 8555, section 7.5.1."""

_NOT_ABOUT_REPLACED = ("rateLimited", "badNonce", "accountDoesNotExist")
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class AcmeAuthority:
    """Implements `ports.Authority`."""

    def __init__(
        self,
        connection: Connection,
        *,
        contact: str = "",
        profile: str = "",
        external_account_file: Path | None = None,
        threads: int = 4,
    ) -> None:
        self._connection = connection
        self._contact = contact
        self._profile = profile
        self._external_account_file = external_account_file
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="acme")
        self._sessions = Sessions(connection)
        self._nobody = new_key()

    @property
    def directory(self) -> str:
        return self._connection.directory

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def caa_identities(self) -> tuple[str, ...]:
        return await self._as_nobody(lambda session: directory_identities(session.client.directory))

    async def register(self, key_pem: bytes) -> str:
        log.info("Registering at the certificate authority", directory=self.directory)
        return await self._run(None, key_pem, self._register)

    async def change_contact(self, login: Login, contact: str) -> None:
        log.info("Changing the contact at the certificate authority", directory=self.directory)
        wanted = messages.UpdateRegistration.from_data(email=contact or None, contact=())  # also when there is none
        await self._as(login, lambda session: session.post(login.uri, wanted))

    async def find_order(self, login: Login, names: tuple[str, ...]) -> str | None:
        return await self._as(login, lambda session: _find_order(session, login, names))

    async def new_order(self, login: Login, names: tuple[str, ...], replaces: str | None) -> OrderSeen:
        return await self._as(login, lambda session: self._new_order(session, names, replaces))

    async def order(self, login: Login, url: str) -> OrderSeen:
        return await self._as(login, lambda session: _read_order(session, url))

    async def authorization(self, login: Login, url: str) -> AuthorizationSeen:
        def read(session: Session) -> AuthorizationSeen:
            body = messages.Authorization.from_json(session.post(url, None).json())
            return read_authorization(url, body, session.key)

        return await self._as(login, read)

    async def answer(self, login: Login, challenge_url: str) -> None:
        await self._as(login, lambda session: session.post(challenge_url, _ANSWER))

    async def finalize(self, login: Login, order: OrderSeen, key_pem: bytes, names: tuple[str, ...]) -> None:
        request = messages.CertificateRequest(csr=render_request(key_pem, names))
        await self._as(login, lambda session: session.post(order.finalize_url, request))

    async def download(self, login: Login, certificate_url: str) -> str:
        return await self._as(login, lambda session: session.post(certificate_url, None).text)

    async def renewal_advice(self, chain_pem: str, now: datetime) -> RenewalAdvice | None:
        def ask(session: Session) -> RenewalAdvice | None:
            at, _ = session.client.renewal_time(chain_pem.encode())
            if at is None or "renewalInfo" not in session.client.directory.to_partial_json():
                return None
            return RenewalAdvice(at, session.retry_after_seconds or ASK_INTERVAL.total_seconds())

        return await self._as_nobody(ask)

    async def revoke(self, login: Login, chain_pem: str) -> None:
        leaf = x509.load_pem_x509_certificates(chain_pem.encode())[0]
        await self._as(login, lambda session: _revoke(session, leaf))

    def _register(self, session: Session) -> str:
        directory = session.client.directory
        binding = None
        if self._external_account_file is not None:
            account = json.loads(self._external_account_file.read_text())
            binding = external_account(directory, session.key, account["kid"], account["hmac_key"])
        wanted = messages.NewRegistration.from_data(
            email=self._contact or None, terms_of_service_agreed=True, external_account_binding=binding
        )
        session.net.account = None  # a registration is signed with the key itself, also the second one
        try:
            return str(session.client.new_account(wanted).uri)
        except acme_errors.ConflictError as known:  # the library's way to say: registered before
            return str(known.location)

    def _new_order(self, session: Session, names: tuple[str, ...], replaces: str | None) -> OrderSeen:
        url = session.client.directory["newOrder"]
        if "renewalInfo" not in session.client.directory.to_partial_json():
            replaces = None
        try:
            answer = session.post(url, render_order(names, self._profile, replaces))
        except (acme_errors.ConflictError, messages.Error) as error:
            if replaces is None or not _may_be_about_replaced(error):
                raise
            answer = session.post(url, render_order(names, self._profile, None))
        body = messages.Order.from_json(answer.json())
        return read_order(answer.headers["Location"], body, session.retry_after_seconds)

    async def _as(self, login: Login, act: Callable[[Session], T]) -> T:
        return await self._run(login, login.key_pem, act)

    async def _as_nobody(self, act: Callable[[Session], T]) -> T:
        """For what needs no account."""
        return await self._run(None, self._nobody, act)

    async def _run(self, login: Login | None, key_pem: bytes, act: Callable[[Session], T]) -> T:
        """Raises AuthorityUnavailable, RateLimited, Refused, OrderGone or AccountGone."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._attempt, login, key_pem, act)

    def _attempt(self, login: Login | None, key_pem: bytes, act: Callable[[Session], T]) -> T:
        session: Session | None = None
        try:
            session = self._sessions.open(login, key_pem)
            return act(session)
        except ReconcileError:
            raise
        except messages.Error as error:
            raise _translate(error, session.retry_after_seconds if session else None) from error
        except (
            acme_errors.Error,
            requests.RequestException,
            jose_errors.Error,
            ValueError,
            KeyError,
            OSError,
        ) as error:
            self._sessions.close()
            raise unavailable(f"{type(error).__name__}: {error}") from error


def _may_be_about_replaced(error: Exception) -> bool:
    """It was replaced before (409; RFC 9773, section 5), or the authority does not know it: each has its own error."""
    return isinstance(error, acme_errors.ConflictError) or (
        isinstance(error, messages.Error) and error.code not in _NOT_ABOUT_REPLACED
    )


def _read_order(session: Session, url: str) -> OrderSeen:
    try:
        answer = session.post(url, None)
    except (messages.Error, acme_errors.ClientError) as error:  # with a document, and without
        if session.status in _GONE:
            raise OrderGone(ErrorCode.INFRA_UNAVAILABLE, "The authority has lost the order; it is made anew") from error
        raise
    return read_order(url, messages.Order.from_json(answer.json()), session.retry_after_seconds)


def _find_order(session: Session, login: Login, names: tuple[str, ...]) -> str | None:
    """Source: RFC 8555, section 7.1.2.1. Let's Encrypt lists none, but gives an unfinished order again by itself."""
    orders_url = session.post(login.uri, None).json().get("orders")
    if not orders_url:
        return None
    for url in list(_listed_orders(session, orders_url))[-_LISTED_ORDERS:]:
        body = messages.Order.from_json(session.post(url, None).json())
        is_open = Status(body.status.name) in (Status.PENDING, Status.READY, Status.PROCESSING)
        if is_open and {identifier.value for identifier in body.identifiers} == set(names):
            return str(url)
    return None


def _listed_orders(session: Session, first: str) -> list[str]:
    """Of at most so many pages: what is missed is ordered again, and the lost order runs out by itself."""
    urls: list[str] = []
    page: str | None = first
    for _ in range(_PAGES):
        if page is None:
            break
        answer = session.post(page, None)
        urls += answer.json().get("orders", [])
        page = answer.links.get("next", {}).get("url")
    return urls


def _revoke(session: Session, leaf: x509.Certificate) -> None:
    try:
        session.client.revoke(leaf, _CESSATION_OF_OPERATION)
    except messages.Error as error:
        if error.code != "alreadyRevoked":
            raise


def _translate(error: messages.Error, retry_after_seconds: float | None) -> ReconcileError:
    detail = "; ".join([error.detail or "", *(part.detail or "" for part in error.subproblems or ())])
    return refusal(error.typ, detail, retry_after_seconds)
