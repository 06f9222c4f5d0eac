"""The registry while it is filled: the mirror's own server on a port of this machine, and a client that pushes.

Source of the requests: OCI Distribution Specification 1.1, "Push".
"""

import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from builder.catalog import IMAGE_REPOSITORY
from builder.errors import RegistryRefused
from builder.images import MANIFEST_TYPE, Image, digest_of

START_TIMEOUT_SECONDS = 10.0
REQUEST_TIMEOUT_SECONDS = 120.0


class Registry:
    """Pushes into `IMAGE_REPOSITORY/NAME:TAG` of the registry at an address."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=REQUEST_TIMEOUT_SECONDS)

    def push(self, image: Image) -> str:
        """The digest of the manifest. Idempotent: blobs that are there are not sent again."""
        repository = f"/v2/{IMAGE_REPOSITORY}/{image.name}"
        for layer in image.layers:
            with layer.file.open("rb") as content:
                self._push_blob(repository, layer.digest, content, layer.size)
        configuration = image.configuration()
        self._push_blob(repository, digest_of(configuration), configuration, len(configuration))
        manifest = image.manifest()
        self._request("PUT", f"{repository}/manifests/{image.tag}", manifest, {"Content-Type": MANIFEST_TYPE})
        return digest_of(manifest)

    def answers(self) -> bool:
        try:
            self._request("GET", "/v2/")
        except (OSError, http.client.HTTPException, RegistryRefused):
            self._connection.close()
            return False
        return True

    def _push_blob(self, repository: str, digest: str, content: bytes | BinaryIO, size: int) -> None:
        if self._send("HEAD", f"{repository}/blobs/{digest}")[0] == http.client.OK:
            return
        location = urlsplit(self._request("POST", f"{repository}/blobs/uploads/"))
        target = f"{location.path}?{location.query}&digest={digest}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        self._request("PUT", target, content, headers)

    def _request(
        self, method: str, target: str, content: bytes | BinaryIO = b"", headers: dict[str, str] | None = None
    ) -> str:
        """The Location that the registry answers with, empty if none."""
        status, location, text = self._send(method, target, content, headers)
        if status >= http.client.BAD_REQUEST:
            raise RegistryRefused(f"{method} {target}: {status} {text}")
        return location

    def _send(
        self, method: str, target: str, content: bytes | BinaryIO = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        self._connection.request(method, target, body=content, headers=headers or {})
        answer = self._connection.getresponse()
        return answer.status, answer.headers.get("Location", ""), answer.read().decode(errors="replace")


@contextmanager
def writable_registry(program: Path, storage: Path) -> Iterator[Registry]:
    """A registry whose storage is the given folder, as long as the block runs."""
    port = _free_port()
    command = [str(program), "-images", str(storage), "-images-address", f"127.0.0.1:{port}", "-writable"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        registry = Registry("127.0.0.1", port)
        _wait(server, registry)
        yield registry
    finally:
        server.terminate()
        server.communicate()


def _wait(server: subprocess.Popen[str], registry: Registry) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not registry.answers():
        if server.poll() is not None or time.monotonic() > deadline:
            raise RegistryRefused("the registry that takes the images does not answer")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
