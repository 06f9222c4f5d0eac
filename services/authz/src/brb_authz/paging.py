"""Keyset pagination: a page token is the key of the last entry, opaque to callers."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from brb_authz.errors import invalid
from brb_shared.contracts.bodies import Page
from brb_shared.http import FieldError

Row = TypeVar("Row")
View = TypeVar("View")


def encode_token(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_token(token: str | None) -> str | None:
    """Raises Problem 422."""
    if token is None:
        return None
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _not_ours() from error


def decode_number(token: str | None, default: int) -> int:
    """Raises Problem 422."""
    key = decode_token(token)
    if key is None:
        return default
    if not key.isdigit():
        raise _not_ours()
    return int(key)


def page(rows: Sequence[Row], size: int, view: Callable[[Row], View], key: Callable[[Row], str]) -> Page[View]:
    """Of `size + 1` rows: the one too many tells that there is another page."""
    shown = rows[:size]
    token = encode_token(key(shown[-1])) if len(rows) > size else None
    return Page(items=[view(row) for row in shown], next_page_token=token)


def _not_ours() -> Exception:
    return invalid([FieldError(pointer="page_token", detail="this is not a token of ours")], "page_token_invalid")
