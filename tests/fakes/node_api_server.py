"""A Kubernetes API of few words over real HTTP: answers as it was told, and remembers what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from brb_shared.kubernetes.access import ClusterAccess
from fakes.node_certificates import BEGIN, CA_CERTIFICATE, CA_KEY, CA_NAME


@dataclass
class Asked:
    method: str
    path: str
    content_type: str
    body: Any


@dataclass
class ScriptedApiServer:
    """`answers`: `<method> <path without query>` to status and body, the last one repeated."""

    answers: dict[str, list[tuple[int, Any]]]
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, Any]:
        self.asked.append(asked)
        answers = self.answers.get(f"{asked.method} {asked.path.partition('?')[0]}")
        if answers is None:
            return 404, {"kind": "Status", "message": f"{asked.path} not found"}
        return answers.pop(0) if len(answers) > 1 else answers[0]

    @contextmanager
    def serve(self) -> Iterator[ClusterAccess]:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def reply(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size) or b"null")
                asked = Asked(self.command, self.path, self.headers.get("Content-Type", ""), body)
                status, document = scripted.answer(asked)
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                return None

        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.reply)
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield access_to(f"http://127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def access_to(server: str) -> ClusterAccess:
    """With a client certificate that loads."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes-admin")]))
        .issuer_name(CA_NAME)
        .public_key(key.public_key())
        .serial_number(2)
        .not_valid_before(BEGIN)
        .not_valid_after(BEGIN + timedelta(days=365))
        .sign(CA_KEY, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return ClusterAccess(server, CA_CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM), key_pem)
