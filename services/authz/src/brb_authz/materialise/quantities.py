"""Quantities as Kubernetes writes them: `1`, `500m`, `2Gi`; it stores them in another form than they were given in.

Source: k8s.io/apimachinery pkg/api/resource, Quantity.
"""

import re
from decimal import Decimal

_FORM = re.compile(r"^([+-]?[0-9.]+)([eE][+-]?[0-9]+|[numkMGTPE]|[KMGTPE]i)?$")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def same_quantity(one: str, other: str) -> bool:
    """By value; what is no quantity, by its letters."""
    first, second = parse_quantity(one), parse_quantity(other)
    return one == other if first is None or second is None else first == second


def parse_quantity(text: str) -> Decimal | None:
    """None if it is no quantity."""
    match = _FORM.match(text)
    if match is None or match[1].count(".") > 1:
        return None
    number, suffix = Decimal(match[1]), match[2] or ""
    if suffix in _BINARY:
        return number * Decimal(1024) ** _BINARY[suffix]
    return number.scaleb(_DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:]))
