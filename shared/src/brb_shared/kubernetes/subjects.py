"""The names that people, groups and services have inside clusters: in certificates and as subjects of bindings.

All begin with `brb:`, so that none can be one of Kubernetes' own (`system:…`). X.509 allows 64 characters for a common
name (RFC 5280, ub-common-name-length) and for an organization: an id that would not fit is named by its hash.
"""

import hashlib

from brb_shared.contracts.registry import Service

PREFIX = "brb:"
MOST_CHARACTERS = 64
_HASH_CHARACTERS = 40


def user_name(user_id: str) -> str:
    return _fitting("brb:user:", user_id)


def group_name(group_id: str) -> str:
    return _fitting("brb:group:", group_id)


def account_name(account_id: str) -> str:
    """A service account of the platform; Kubernetes knows it as a user."""
    return _fitting("brb:account:", account_id)


def service_name(service: Service) -> str:
    """One of the platform's own services, at work in a cluster."""
    return f"brb:service:{service}"


def _fitting(prefix: str, id_: str) -> str:
    name = prefix + id_
    if len(name.encode()) <= MOST_CHARACTERS and "~" not in id_:
        return name
    return f"{prefix}~{hashlib.sha256(id_.encode()).hexdigest()[:_HASH_CHARACTERS]}"
