"""Kubeconfigs and the certificates in them. Pure but for the making of keys."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class AdminAccess:
    """The administrator's access to a cluster; secret."""

    server: str
    ca_certificate: bytes
    client_certificate: bytes
    client_key: bytes

    def __repr__(self) -> str:
        return f"AdminAccess({self.server})"


def to_document(access: AdminAccess) -> str:
    """The form it is sealed in; secret."""
    return json.dumps(
        {
            "server": access.server,
            "ca_certificate": access.ca_certificate.decode(),
            "client_certificate": access.client_certificate.decode(),
            "client_key": access.client_key.decode(),
        }
    )


def from_document(document: str) -> AdminAccess:
    fields: dict[str, str] = json.loads(document)
    return AdminAccess(
        server=fields["server"],
        ca_certificate=fields["ca_certificate"].encode(),
        client_certificate=fields["client_certificate"].encode(),
        client_key=fields["client_key"].encode(),
    )


def parse_kubeconfig(text: str) -> AdminAccess:
    """kubeadm's admin.conf: one cluster, one user, everything inline."""
    document: dict[str, Any] = yaml.safe_load(text)
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    return AdminAccess(
        server=cluster["server"],
        ca_certificate=base64.b64decode(cluster["certificate-authority-data"]),
        client_certificate=base64.b64decode(user["client-certificate-data"]),
        client_key=base64.b64decode(user["client-key-data"]),
    )


def render_kubeconfig(access: AdminAccess, *, cluster_name: str, user_name: str) -> str:
    context = f"{user_name}@{cluster_name}"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster_name, "cluster": _cluster(access)}],
        "users": [{"name": user_name, "user": _user(access)}],
        "contexts": [{"name": context, "context": {"cluster": cluster_name, "user": user_name}}],
        "current-context": context,
    }
    return yaml.safe_dump(document, sort_keys=False)


def server_url(host: str, port: int) -> str:
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def ca_certificate_hash(ca_certificate: bytes) -> str:
    """As kubeadm's discovery wants it: SHA-256 of the CA's public key (SubjectPublicKeyInfo, DER)."""
    key = x509.load_pem_x509_certificate(ca_certificate).public_key()
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return f"sha256:{hashlib.sha256(spki).hexdigest()}"


def new_client_request(user: str, groups: Sequence[str]) -> tuple[bytes, bytes]:
    """A new key and its signing request, both PEM; Kubernetes reads CN as the user and each O as a group."""
    key = ec.generate_private_key(ec.SECP256R1())
    organizations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject = x509.Name([*organizations, x509.NameAttribute(NameOID.COMMON_NAME, user)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem, request.public_bytes(serialization.Encoding.PEM)


def _cluster(access: AdminAccess) -> dict[str, str]:
    return {"server": access.server, "certificate-authority-data": base64.b64encode(access.ca_certificate).decode()}


def _user(access: AdminAccess) -> dict[str, str]:
    return {
        "client-certificate-data": base64.b64encode(access.client_certificate).decode(),
        "client-key-data": base64.b64encode(access.client_key).decode(),
    }
