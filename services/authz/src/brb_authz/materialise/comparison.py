"""What differs between a document and what the cluster has. Pure.

The cluster adds fields of its own (uid, defaults), so a document is there when each of its fields is; lists must be
the same from end to end, because one subject too many is what drift looks like.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from brb_authz.materialise.quantities import same_quantity

Document = dict[str, Any]
Key = tuple[str, str, str]
_QUANTITIES = ("hard", "default", "defaultRequest")


def key_of(document: Mapping[str, Any]) -> Key:
    metadata = document["metadata"]
    return document["kind"], metadata.get("namespace", ""), metadata["name"]


def differing(wanted: Iterable[Document], found: Mapping[Key, Document]) -> list[Document]:
    """What has to be applied, in the given order."""
    return [document for document in wanted if not _is_there(document, found.get(key_of(document), {}))]


def surplus(wanted: Iterable[Document], found: Mapping[Key, Document]) -> list[Document]:
    """What is there and should not be: bindings first, so that nobody is left with half a right."""
    names = {key_of(document) for document in wanted}
    rest = [document for key, document in found.items() if key not in names]
    return sorted(rest, key=lambda document: (not document["kind"].endswith("Binding"), key_of(document)))


def _is_there(wanted: Any, found: Any, field: str = "") -> bool:
    if isinstance(wanted, dict):
        if not isinstance(found, dict) or (field in _QUANTITIES and wanted.keys() != found.keys()):
            return False
        inner = "quantity" if field in _QUANTITIES else ""
        return all(_is_there(value, found.get(key), inner or key) for key, value in wanted.items())
    if isinstance(wanted, list):
        same_length = isinstance(found, list) and len(wanted) == len(found)
        return same_length and all(_is_there(one, other) for one, other in zip(wanted, found, strict=True))
    return same_quantity(str(wanted), str(found)) if field == "quantity" else bool(wanted == found)
