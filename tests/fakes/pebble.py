"""Pebble, Let's Encrypt's test authority, as a process: it looks at a name server of ours, as the real one would.

All it knows is in memory: a restart forgets accounts, orders and certificates, and it signs with a new root.
"""

import json
import os
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from brb_shared.testing.go_programs import go_program
from brb_shared.testing.servers import Server, free_port

MODULE = Path(__file__).resolve().parents[1] / "pebble"
PACKAGE = "github.com/letsencrypt/pebble/v2/cmd/pebble"


class Pebble(Server):
    """`name_server`: address and port it resolves with. `life`: of the certificates it issues.

    `external_accounts`: key identifier to key (base64url); none: it does not ask for one.
    """

    name = "pebble"

    def __init__(
        self,
        name_server: str,
        life: timedelta,
        external_accounts: dict[str, str] | None = None,
        refused_nonces_percent: int = 10,
    ) -> None:
        super().__init__()
        self._program = go_program(MODULE, PACKAGE)
        self._name_server = name_server
        self._refused_nonces_percent = refused_nonces_percent
        self._management_port = free_port()
        self.ca_file = self.folder / "tls.pem"
        _write_certificate(self.ca_file, self.folder / "tls.key")
        profile = {"description": "short", "validityPeriod": int(life.total_seconds())}
        configuration = {
            "listenAddress": f"127.0.0.1:{self.port}",
            "managementListenAddress": f"127.0.0.1:{self._management_port}",
            "certificate": str(self.ca_file),
            "privateKey": str(self.folder / "tls.key"),
            "externalAccountBindingRequired": bool(external_accounts),
            "externalAccountMACKeys": external_accounts or {},
            "keyAlgorithm": "ecdsa",
            "retryAfter": {"authz": 1, "order": 1},
            "profiles": {"short": profile},
        }
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))

    @property
    def directory(self) -> str:
        return f"https://127.0.0.1:{self.port}/dir"

    def command(self) -> list[str]:
        return [str(self._program), "-strict", "-config", str(self.folder / "pebble.json"), "-dnsserver",
                self._name_server]  # fmt: skip

    def environment(self) -> dict[str, str]:
        """It refuses some nonces, and proves nothing from memory."""
        refused = str(self._refused_nonces_percent)
        chaos = {"PEBBLE_WFE_NONCEREJECT": refused, "PEBBLE_AUTHZREUSE": "0", "PEBBLE_VA_NOSLEEP": "1"}
        return dict(os.environ) | chaos

    async def roots(self) -> list[x509.Certificate]:
        """The root and the intermediate certificate that it signs with since its last start."""
        pem = b"".join([await self._managed(f"{kind}/0") for kind in ("roots", "intermediates")])
        return x509.load_pem_x509_certificates(pem)

    async def wants_renewal(self, chain_pem: str, window: tuple[datetime, datetime]) -> None:
        """From now on it advises so (RFC 9773)."""
        start, end = (at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in window)
        advice = json.dumps({"suggestedWindow": {"start": start, "end": end}})
        body = {"certificate": chain_pem, "ariResponse": advice}
        async with self._client() as client:
            (await client.post("set-renewal-info/", json=body)).raise_for_status()

    async def revocation_of(self, serial: str) -> str:
        """Valid or Revoked."""
        answer = json.loads(await self._managed(f"cert-status-by-serial/{serial}"))
        return str(answer["Status"])

    async def _managed(self, path: str) -> bytes:
        async with self._client() as client:
            answer = await client.get(path)
            answer.raise_for_status()
            return answer.content

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=f"https://127.0.0.1:{self._management_port}/", verify=_trusting(self.ca_file))


def _trusting(ca_file: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca_file))


def _write_certificate(certificate: Path, key_file: Path) -> None:
    """Pebble's own TLS: self-signed, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pebble")])
    now = datetime.now(UTC)
    identity = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(minutes=1),
        not_valid_after=now + timedelta(days=1),
        extensions=[
            x509.Extension(x509.SubjectAlternativeName.oid, False, x509.SubjectAlternativeName([_LOOPBACK])),
            x509.Extension(x509.BasicConstraints.oid, True, x509.BasicConstraints(ca=True, path_length=0)),
            x509.Extension(x509.SubjectKeyIdentifier.oid, False, identity),
        ],
    )
    certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


_LOOPBACK = x509.IPAddress(ip_address("127.0.0.1"))
