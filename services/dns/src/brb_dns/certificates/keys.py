"""Private keys, signing requests and chains. Pure but for randomness."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from brb_dns.certificates.errors import unavailable


@dataclass(frozen=True)
class Leaf:
    serial: str
    not_before: datetime
    not_after: datetime


def new_key() -> bytes:
    """ECDSA P-256, PKCS #8 PEM: every authority and every browser takes it."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_key(key_pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(key_pem, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def render_request(key_pem: bytes, names: tuple[str, ...]) -> x509.CertificateSigningRequest:
    """No subject: a common name is at most 64 characters, these names may be longer."""
    alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.add_extension(alternative, critical=False).sign(load_key(key_pem), hashes.SHA256())


def read_leaf(chain_pem: str, key_pem: bytes, names: tuple[str, ...]) -> Leaf:
    """The first certificate of a chain, which must be for this key and these names. Raises AuthorityUnavailable."""
    try:
        leaf, *_ = x509.load_pem_x509_certificates(chain_pem.encode())
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, x509.ExtensionNotFound) as error:
        raise unavailable(f"what it gave is no certificate: {error}") from error
    if leaf.public_key() != load_key(key_pem).public_key():
        raise unavailable("its certificate is for another key")
    found = {name.lower() for name in extension.value.get_values_for_type(x509.DNSName)}
    if found != set(names):
        raise unavailable(f"its certificate is for other names: {', '.join(sorted(found))}")
    return Leaf(f"{leaf.serial_number:x}", leaf.not_valid_before_utc, leaf.not_valid_after_utc)
