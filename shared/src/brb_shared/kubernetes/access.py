"""Access to a cluster's API: where it answers, and a client certificate. Secret."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True)
class ClusterAccess:
    """Certificates and key in PEM."""

    server: str
    ca_certificate: bytes
    client_certificate: bytes
    client_key: bytes

    def __repr__(self) -> str:
        return f"ClusterAccess({self.server})"


def to_document(access: ClusterAccess) -> str:
    """The form it is sealed in, or sent from service to service; secret."""
    return json.dumps(
        {
            "server": access.server,
            "ca_certificate": access.ca_certificate.decode(),
            "client_certificate": access.client_certificate.decode(),
            "client_key": access.client_key.decode(),
        }
    )


def from_document(document: str) -> ClusterAccess:
    fields: dict[str, str] = json.loads(document)
    return ClusterAccess(
        server=fields["server"],
        ca_certificate=fields["ca_certificate"].encode(),
        client_certificate=fields["client_certificate"].encode(),
        client_key=fields["client_key"].encode(),
    )


def parse_kubeconfig(text: str) -> ClusterAccess:
    """One cluster, one user, everything inline, as kubeadm's admin.conf is."""
    document: dict[str, Any] = yaml.safe_load(text)
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    return ClusterAccess(
        server=cluster["server"],
        ca_certificate=base64.b64decode(cluster["certificate-authority-data"]),
        client_certificate=base64.b64decode(user["client-certificate-data"]),
        client_key=base64.b64decode(user["client-key-data"]),
    )


def render_kubeconfig(access: ClusterAccess, *, cluster_name: str, user_name: str) -> str:
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


def _cluster(access: ClusterAccess) -> dict[str, str]:
    return {"server": access.server, "certificate-authority-data": base64.b64encode(access.ca_certificate).decode()}


def _user(access: ClusterAccess) -> dict[str, str]:
    return {
        "client-certificate-data": base64.b64encode(access.client_certificate).decode(),
        "client-key-data": base64.b64encode(access.client_key).decode(),
    }
