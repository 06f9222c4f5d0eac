"""Bootstrap tokens: what a machine shows the cluster once, to be let in. Pure but for their randomness.

Source: Kubernetes reference, "Authenticating with Bootstrap Tokens".
"""

import secrets
import string
from datetime import UTC, datetime
from typing import Any

_ALPHABET = string.ascii_lowercase + string.digits


def new_token() -> str:
    return f"{_random(6)}.{_random(16)}"


def new_certificate_key() -> str:
    """Encrypts the control plane's certificates while they wait in the cluster; an AES-256 key in hexadecimal."""
    return secrets.token_hex(32)


def render_bootstrap_token(token: str, expires_at: datetime) -> dict[str, Any]:
    token_id, _, token_secret = token.partition(".")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "bootstrap.kubernetes.io/token",
        "metadata": {"name": f"bootstrap-token-{token_id}", "namespace": "kube-system"},
        "stringData": {
            "description": "One machine's join, by Big Red Button",
            "token-id": token_id,
            "token-secret": token_secret,
            "expiration": expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "usage-bootstrap-authentication": "true",
            "usage-bootstrap-signing": "true",
            "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
        },
    }


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
