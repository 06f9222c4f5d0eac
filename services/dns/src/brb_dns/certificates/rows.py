"""Rows to what the service works with, and back. Pure."""

from dataclasses import asdict, fields
from typing import Any

from brb_dns.certificates.certificate import Account, Certificate, Issued, Order, Owner, Proof
from brb_dns.certificates.models import AccountRow, CertificateRow
from brb_shared.contracts.conditions import Condition

_ORDER = tuple(field.name for field in fields(Order))
_ISSUED = tuple(field.name for field in fields(Issued))


def certificate_of(row: CertificateRow) -> Certificate:
    return Certificate(
        id=row.id,
        name=row.name,
        owner=Owner(row.cloud, row.project_id, row.cluster_id),
        address=row.address,
        project=row.project,
        wanted=row.wanted,
        generation=row.generation,
        asked=row.asked,
        seen=row.seen,
        issued=_issued(row),
        order=_order(row),
        failures=row.failures,
        retry_at=row.retry_at,
        held_until=row.held_until,
        conditions=tuple(Condition.model_validate(condition) for condition in row.conditions),
        created_at=row.created_at,
    )


def columns_of(certificate: Certificate) -> dict[str, Any]:
    """What a pass may write."""
    return {
        "seen": certificate.seen,
        "failures": certificate.failures,
        "retry_at": certificate.retry_at,
        "held_until": certificate.held_until,
        "conditions": [condition.document() for condition in certificate.conditions],
        **_order_columns(certificate.order),
        **_part_columns("issued", _ISSUED, asdict(certificate.issued) if certificate.issued else {}),
    }


def account_of(row: AccountRow) -> Account:
    return Account(row.directory, row.key_sealed, row.uri, row.held_until, row.contact)


def _order(row: CertificateRow) -> Order | None:
    if row.order_directory is None:
        return None
    values = _part("order", _ORDER, row)
    proofs = tuple(Proof(**proof) for proof in values["proofs"] or ())
    return Order(**{**values, "proofs": proofs, "answered": tuple(values["answered"] or ())})


def _issued(row: CertificateRow) -> Issued | None:
    return Issued(**_part("issued", _ISSUED, row)) if row.issued_directory is not None else None


def _order_columns(order: Order | None) -> dict[str, Any]:
    values = asdict(order) if order else {}
    if order:
        values |= {"proofs": [asdict(proof) for proof in order.proofs], "answered": list(order.answered)}
    return _part_columns("order", _ORDER, values)


def _part(prefix: str, names: tuple[str, ...], row: CertificateRow) -> dict[str, Any]:
    return {name: getattr(row, f"{prefix}_{name}") for name in names}


def _part_columns(prefix: str, names: tuple[str, ...], values: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_{name}": values.get(name) for name in names}
