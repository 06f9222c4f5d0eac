"""Ids of users, groups and identity providers, as they are known here.

An id is unique in the whole platform and never a name. Keystone's users keep Keystone's id, because bindings name it;
everything else begins with where it comes from. None can be one of Kubernetes' own (`system:…`): inside clusters each
gets the prefix `brb:` (brb_shared.kubernetes.subjects).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from brb_shared.access.model import BREAK_GLASS
from brb_shared.contracts.ids import CloudId, UserId


class ProviderKind(StrEnum):
    KEYSTONE = "keystone"
    OIDC = "oidc"
    LOCAL = "local"


LOCAL = "local"
"""The identity provider of the break-glass administrator."""
_KEYSTONE = "keystone-"


@dataclass(frozen=True)
class Identity:
    """Who an identity provider says that the caller is. `groups` are in our form."""

    user_id: UserId
    identity_provider: str
    subject: str
    name: str
    email: str | None = None
    groups: tuple[str, ...] = ()


BREAK_GLASS_IDENTITY = Identity(UserId(BREAK_GLASS), LOCAL, subject="break-glass", name="break-glass administrator")


def keystone_provider(cloud: CloudId) -> str:
    return f"{_KEYSTONE}{cloud}"


def keystone_cloud(provider_id: str) -> CloudId | None:
    """The cloud whose Keystone it is; none: it is another kind."""
    return CloudId(provider_id.removeprefix(_KEYSTONE)) if provider_id.startswith(_KEYSTONE) else None


def keystone_groups(cloud: CloudId, group_ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"keystone:{cloud}:group:{group_id}" for group_id in group_ids)


def oidc_user(provider_id: str, subject: str) -> UserId:
    return UserId(f"oidc:{provider_id}:{subject}")


def oidc_groups(provider_id: str, groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"oidc:{provider_id}:{group}" for group in groups)
