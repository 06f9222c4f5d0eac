"""One answer from the browser, at a free port of this machine. Source: RFC 8252, 7.3.

The path has a secret in it, so that a page which guesses the port ends nothing; what it brings is worth nothing without
the verifier, which never leaves this program.
"""

import html
import secrets
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Big Red Button</title>
<body style="font: 1.1rem/1.5 sans-serif; margin: 4rem auto; max-width: 34rem; padding: 0 1rem">
<h1 style="font-size: 1.4rem">{title}</h1><p>{text}</p></body></html>
"""
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Connection": "close",
}
_IDLE_SECONDS = 10  # browsers open connections ahead, and say nothing on them


class Loopback:
    """Listens while it is entered."""

    def __init__(self) -> None:
        self._path = f"/{secrets.token_urlsafe(16)}"
        self._answer: Mapping[str, str] | None = None
        self._answered = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._server.daemon_threads = True

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{self._path}"

    def __enter__(self) -> "Loopback":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> Mapping[str, str] | None:
        """The query that the browser came with; None: it did not come."""
        self._answered.wait(seconds)
        return self._answer

    def take(self, target: str) -> str | None:
        """The page to show, or None where this is not the address. The first answer counts."""
        parts = urlsplit(target)
        if not secrets.compare_digest(parts.path.encode(), self._path.encode()):
            return None
        if self._answer is None:
            self._answer = dict(parse_qsl(parts.query))
        return _page(self._answer)

    def finish(self) -> None:
        """After the page has been sent: the program may end now."""
        self._answered.set()


def _page(answer: Mapping[str, str]) -> str:
    if "error" in answer:
        reason = answer.get("error_description", answer["error"])
        return _PAGE.format(title="You are not signed in", text=html.escape(reason))
    return _PAGE.format(title="Back to your terminal", text="brb goes on there. You can close this window.")


def _handler_for(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_SECONDS

        def do_GET(self) -> None:
            page = loopback.take(self.path)
            if page is None:
                self.send_error(404)
                return
            self.send_response(200)
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.encode())
            self.wfile.flush()
            loopback.finish()

        def log_message(self, *_: object) -> None:
            """The address has a code in it."""

    return Handler
