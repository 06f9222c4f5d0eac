"""The HTTP side of the scripted gateway: requests, replies, event streams, cuts."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

Event = tuple[str, dict[str, Any], str]
"""An event's name, data and id."""


@dataclass(frozen=True)
class Seen:
    """A request."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class Cut(Exception):
    """The connection is closed without an answer."""


class Answering(Protocol):
    def respond(self, seen: Seen) -> Reply | Iterator[Event]:
        """Raises Cut."""
        ...


def problem(status: int, code: str, detail: str) -> Reply:
    body = {
        "type": "about:blank",
        "title": "Problem",
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [],
        "user_fixable": True,
        "request_id": "req-1",
    }
    return Reply(status, body, content_type="application/problem+json")


def handler_for(gateway: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def do_PATCH(self) -> None:
            self._respond()

        def do_DELETE(self) -> None:
            self._respond()

        def _respond(self) -> None:
            try:
                answer = gateway.respond(self._seen())
            except Cut:
                self.close_connection = True
                return
            if isinstance(answer, Reply):
                self._send(answer)
            else:
                self._stream(answer)

        def _stream(self, events: Iterator[Event]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            with suppress(BrokenPipeError, ConnectionResetError):
                for event, document, id_ in events:
                    self.wfile.write(f": ping\n\nevent: {event}\nid: {id_}\ndata: {json.dumps(document)}\n\n".encode())
                    self.wfile.flush()

        def _seen(self) -> Seen:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            return Seen(self.command, parts.path, parse_qs(parts.query), dict(self.headers.items()), body)

        def _send(self, reply: Reply) -> None:
            is_text = isinstance(reply.body, str)
            content = b"" if reply.body is None else (reply.body if is_text else json.dumps(reply.body)).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

    return Handler
