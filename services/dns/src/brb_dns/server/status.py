"""The supervisor's HTTP: /healthz, /readyz (every worker answers) and /metrics, summed over the workers.

Three answers to GET, written by hand: the processes that face the world load no web framework for them.
"""

import asyncio
import json
import socket
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from brb_dns.server.metrics import ServerCollector, Status

_REQUEST_SECONDS = 5.0
_JSON = "application/json"

_Response = tuple[HTTPStatus, str, bytes]
"""Status, content type, body."""


async def serve_status(sock: socket.socket, status: Status) -> None:
    """Until cancelled. `sock` listens."""
    collector = ServerCollector(status)
    REGISTRY.register(collector)
    try:
        async with await asyncio.start_server(_StatusServer(status).on_connection, sock=sock) as server:
            await server.serve_forever()
    finally:
        REGISTRY.unregister(collector)


class _StatusServer:
    def __init__(self, status: Status) -> None:
        self._status = status

    async def on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection."""
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_render(*self._respond(head)))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # who asks wrongly or is gone gets nothing
        finally:
            writer.close()

    def _respond(self, head: bytes) -> _Response:
        match head.split(b" ", 2)[:2]:
            case [b"GET", b"/healthz"]:
                return HTTPStatus.OK, _JSON, json.dumps({"status": "ok"}).encode()
            case [b"GET", b"/readyz"]:
                return self._readiness()
            case [b"GET", b"/metrics"]:
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest()
        return HTTPStatus.NOT_FOUND, _JSON, b"{}"

    def _readiness(self) -> _Response:
        members = self._status.members
        is_ready = bool(members) and all(member.is_ready for member in members)
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return status, _JSON, json.dumps({"workers": is_ready}).encode()


def _render(status: HTTPStatus, content_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
