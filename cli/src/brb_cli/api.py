"""The HTTP client: tokens, retries, problem documents turned into errors."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn

import httpx

from brb_cli.clock import Clock, current_clock
from brb_cli.config import find_target
from brb_cli.errors import HINTS, CliError, SignInFirst, error_class
from brb_cli.options import Common

_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_PASSING = frozenset({429, 502, 503, 504})
_TRIES = 4
MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True)
class Answer:
    body: Any
    text: str
    headers: httpx.Headers


class Api:
    """Requests that may be repeated safely are, when the platform does not answer for a moment."""

    def __init__(self, host: str, token: str | None, clock: Clock) -> None:
        self.host = host
        self.has_token = token is not None
        self.clock = clock
        headers = {"User-Agent": "brb"} | ({"Authorization": f"Bearer {token}"} if token else {})
        # Loading the trust store takes as long as the rest of the start: not where there is no TLS.
        self._http = httpx.Client(base_url=host, headers=headers, timeout=_TIMEOUT, verify=host.startswith("https:"))

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, params: dict[str, Any] | None = None) -> Answer:
        return self.send("GET", path, params=params)

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
        may_repeat: bool | None = None,
    ) -> Answer:
        """Raises CliError or its kinds. `may_repeat`: default, all but POST."""
        repeat = method != "POST" if may_repeat is None else may_repeat
        request = self._http.build_request(method, path, params=params, headers=headers, json=body)
        if body is not None:
            request.headers["Content-Type"] = content_type
        response = self._send(request, _TRIES if repeat else 1)
        if response.is_error:
            raise problem_of(response)
        is_json = bool(response.content) and "json" in response.headers.get("Content-Type", "")
        return Answer(response.json() if is_json else None, response.text, response.headers)

    def create(self, path: str, body: Any) -> Any:
        """What was made. Asked again with the same key after a lost answer, it is the same thing."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        return self.send("POST", path, body=body, headers=headers, may_repeat=True).body

    def items(self, path: str, params: dict[str, Any] | None = None) -> Iterator[Any]:
        """All pages of a list."""
        token: str | None = None
        while True:
            page = self.get(path, {**(params or {}), **({"page_token": token} if token else {})}).body
            yield from page["items"]
            token = page.get("next_page_token")
            if token is None or not page["items"]:
                return

    @contextmanager
    def stream(self, path: str, last_event_id: str | None, read_timeout: float) -> Iterator[Iterator[str]]:
        """Lines of a server-sent event stream. Raises httpx.TransportError when it is cut."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_event_id} if last_event_id else {})
        timeout = httpx.Timeout(read_timeout, connect=10.0)
        with self._http.stream("GET", path, headers=headers, timeout=timeout) as response:
            if response.is_error:
                response.read()
                raise problem_of(response)
            yield response.iter_lines()

    @contextmanager
    def lines(self, path: str, params: dict[str, Any]) -> Iterator[Iterator[str]]:
        """A long answer, line by line as it comes. Raises CliError, also when it is cut off."""
        try:
            with self._http.stream("GET", path, params=params) as response:
                if response.is_error:
                    response.read()
                    raise problem_of(response)
                yield response.iter_lines()
        except httpx.TransportError as error:
            self._give_up(error)

    def _send(self, request: httpx.Request, tries: int) -> httpx.Response:
        for attempt in range(1, tries + 1):
            try:
                response = self._http.send(request)
            except httpx.TransportError as error:
                if attempt == tries:
                    self._give_up(error)
            else:
                if response.status_code not in _PASSING or attempt == tries:
                    return response
            self.clock.sleep(0.5 * 2**attempt)
        raise AssertionError("the last try answers or raises")

    def _give_up(self, error: httpx.TransportError) -> NoReturn:
        reason = str(error) or type(error).__name__
        hint = "Is the platform up, and BRB_HOST or --host right? See `brb doctor`"
        raise CliError(f"{self.host} does not answer: {reason}", code="unreachable", hint=hint) from error


def open_api(common: Common, *, signed_in: bool = True) -> Api:
    """The API of the profile in use. Raises SignInFirst where a token is needed and there is none."""
    target = find_target(common.host, common.profile)
    if signed_in and target.token is None:
        raise SignInFirst(f"You are not signed in to {target.host}", code="not_signed_in", hint="Sign in: `brb login`")
    return Api(target.host, target.token, current_clock())


def problem_of(response: httpx.Response) -> CliError:
    """From RFC 9457, or from whatever a proxy in between said instead."""
    document = _json_object(response)
    code = str(document.get("code") or f"http_{response.status_code}")
    message = str(document.get("detail") or document.get("title") or f"HTTP {response.status_code}")
    fields = [f"{field['pointer']}: {field['detail']}" for field in document.get("errors") or ()]
    missing = [field for field in fields if field not in message]
    request_id = str(document.get("request_id") or response.headers.get("X-Request-Id", ""))
    kind = error_class(code, response.status_code)
    hint = "Sign in: `brb login`" if response.status_code == HTTPStatus.UNAUTHORIZED and code not in HINTS else ""
    text = "\n  ".join([message, *missing])
    return kind(text, code=code, hint=hint, request_id=request_id, status=response.status_code)


def _json_object(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
