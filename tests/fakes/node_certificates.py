"""A certificate authority for fake clusters, made once."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from brb_shared.kubernetes.access import ClusterAccess, render_kubeconfig

CA_KEY = ec.generate_private_key(ec.SECP256R1())
CA_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)

CA_CERTIFICATE = (
    x509.CertificateBuilder()
    .subject_name(CA_NAME)
    .issuer_name(CA_NAME)
    .public_key(CA_KEY.public_key())
    .serial_number(1)
    .not_valid_before(BEGIN)
    .not_valid_after(BEGIN + timedelta(days=3650))
    .sign(CA_KEY, hashes.SHA256())
    .public_bytes(serialization.Encoding.PEM)
)


def admin_kubeconfig(server: str = "https://10.6.0.10:6443") -> str:
    access = ClusterAccess(server, CA_CERTIFICATE, b"client certificate", b"client key")
    return render_kubeconfig(access, cluster_name="demo", user_name="kubernetes-admin")
