"""Certificate signing requests. Pure.

Source: Kubernetes reference, "Certificates and Certificate Signing Requests".
"""

import base64
from typing import Any

Document = dict[str, Any]


def render_certificate_request(name: str, request_pem: bytes, valid_seconds: int) -> Document:
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": name},
        "spec": {
            "request": base64.b64encode(request_pem).decode(),
            "signerName": "kubernetes.io/kube-apiserver-client",
            "expirationSeconds": valid_seconds,
            "usages": ["client auth"],
        },
    }


def render_approval(created: Document) -> Document:
    condition = {
        "type": "Approved",
        "status": "True",
        "reason": "IssuedByBigRedButton",
        "message": "The platform has checked the user's right to the cluster",
    }
    return created | {"status": {"conditions": [condition]}}
