"""What the ACME library does not have: the order that says what it replaces, and reading of its messages.

Source: RFC 9773, section 5 (`replaces`).
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from acme import challenges, messages
from cryptography import x509
from josepy import b64, json_util, jwk

from brb_dns.certificates.errors import unavailable
from brb_dns.certificates.ports import AuthorizationSeen, OrderSeen, Status


class RenewingOrder(messages.NewOrder):
    """The field names that RFC 9773 adds to newOrder."""

    replaces: str | None = json_util.field("replaces", omitempty=True)


def render_order(names: tuple[str, ...], profile: str, replaces: str | None) -> messages.NewOrder:
    """`profile` is always named, as the library does; empty leaves the choice to the authority."""
    identifiers = [messages.Identifier(typ=messages.IDENTIFIER_FQDN, value=name) for name in names]
    if replaces is None:
        return messages.NewOrder(identifiers=identifiers, profile=profile or None)
    return RenewingOrder(identifiers=identifiers, profile=profile or None, replaces=certificate_id(replaces))


def certificate_id(chain_pem: str) -> str:
    """The authority's and the serial's key in renewal information. Source: RFC 9773, section 4.1."""
    leaf = x509.load_pem_x509_certificates(chain_pem.encode())[0]
    issuer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier or b""
    serial = leaf.serial_number.to_bytes(leaf.serial_number.bit_length() // 8 + 1, "big")
    return ".".join(b64.b64encode(part).decode() for part in (issuer, serial))


def read_order(url: str, body: messages.Order, retry_after_seconds: float | None) -> OrderSeen:
    return OrderSeen(
        url=url,
        status=_status(body.status),
        authorizations=tuple(body.authorizations or ()),
        finalize_url=body.finalize or "",
        certificate_url=body.certificate,
        error=describe(body.error),
        retry_after_seconds=retry_after_seconds,
    )


def read_authorization(url: str, body: messages.Authorization, key: jwk.JWK) -> AuthorizationSeen:
    """Raises AuthorityUnavailable if it offers no DNS-01 challenge."""
    for challenge in body.challenges or ():
        if isinstance(challenge.chall, challenges.DNS01):
            return AuthorizationSeen(
                url=url,
                name=body.identifier.value,
                status=_status(body.status),
                challenge_url=challenge.uri,
                challenge_status=_status(challenge.status),
                proof=challenge.chall.validation(key),
                error=describe(challenge.error),
                error_type=challenge.error.typ if challenge.error else "",
            )
    raise unavailable(f"it offers no dns-01 challenge for {body.identifier.value}")


def describe(error: messages.Error | None) -> str:
    """With its subproblems: they name the identifiers."""
    if error is None:
        return ""
    parts = [error.detail or error.typ, *(describe(part) for part in error.subproblems or ())]
    return "; ".join(part for part in parts if part)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds, from either form of the header. Source: RFC 9110, section 10.2.3."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds(), 0.0)


def directory_identities(directory: messages.Directory) -> tuple[str, ...]:
    meta = directory["meta"] if "meta" in directory.to_partial_json() else None
    return tuple(meta.caa_identities or ()) if meta is not None else ()


def external_account(directory: messages.Directory, key: jwk.JWK, kid: str, hmac_key: str) -> dict[str, object]:
    """Binds our key to the account that somebody has at the authority. Source: RFC 8555, section 7.3.4."""
    public = key.public_key()
    return dict(messages.ExternalAccountBinding.from_data(public, kid, hmac_key, directory))


def _status(status: messages.Status) -> Status:
    return Status(status.name)
