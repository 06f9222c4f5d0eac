"""What the gateway asks of OpenStack, and what may go wrong. The only implementation is `sdk_cloud.py`.

CloudError                    a sentence for people
├── SignInRefused             Keystone does not accept the credentials or the token (401)
├── ProjectNeeded             the user must say which project he means; names them
├── NotAllowed                the user may not do this (403)
├── NotThere                  404
└── CloudUnavailable          no answer, a timeout, or a server error
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from brb_api_gateway.clouds.schemas import FlavorChoice, ImageChoice, NetworkChoice, QuotaView
from brb_shared.clouds import Cloud


class CloudError(Exception):
    pass


class SignInRefused(CloudError):
    pass


class ProjectNeeded(CloudError):
    pass


class NotAllowed(CloudError):
    pass


class NotThere(CloudError):
    pass


class CloudUnavailable(CloudError):
    pass


@dataclass(frozen=True)
class Password:
    username: str
    password: str
    user_domain_name: str
    project_name: str | None
    project_id: str | None
    project_domain_name: str


@dataclass(frozen=True)
class ApplicationCredential:
    id: str
    secret: str


@dataclass(frozen=True)
class KeystoneSession:
    """A scoped token. `document` is Keystone's answer with the catalog, and the token itself: a secret."""

    user_id: str
    user_name: str
    project_id: str
    project_name: str
    expires_at: datetime
    document: bytes


@dataclass(frozen=True)
class MadeCredential:
    id: str
    secret: str


@dataclass(frozen=True)
class VerifiedCredential:
    user_id: str
    project_id: str
    unrestricted: bool


@dataclass(frozen=True)
class Catalogue:
    """What a project can choose from, and how much it has left."""

    flavors: tuple[FlavorChoice, ...]
    images: tuple[ImageChoice, ...]
    networks: tuple[NetworkChoice, ...]
    external_networks: tuple[NetworkChoice, ...]
    availability_zones: tuple[str, ...]
    load_balancers: bool
    quotas: tuple[QuotaView, ...]


class OpenStack(Protocol):
    """Every method raises CloudError. `token` is a KeystoneSession's document; `None`: the cloud's operator."""

    async def sign_in(self, cloud: Cloud, auth: Password | ApplicationCredential) -> KeystoneSession: ...

    async def list_groups(self, cloud: Cloud, token: bytes, user_id: str) -> tuple[str, ...]:
        """Ids of the Keystone groups that the token's user is in."""
        ...

    async def catalogue(self, cloud: Cloud, token: bytes) -> Catalogue: ...

    async def create_application_credential(
        self, cloud: Cloud, token: bytes, user_id: str, name: str
    ) -> MadeCredential:
        """Restricted: it can make no further credentials. Raises NotAllowed from an application credential's token."""
        ...

    async def verify_application_credential(
        self, cloud: Cloud, credential: ApplicationCredential
    ) -> VerifiedCredential: ...

    async def remove_application_credential(
        self, cloud: Cloud, token: bytes | None, user_id: str, *, id: str | None, name: str
    ) -> None:
        """By id, or by name where the id was never learnt. One that is not there is fine."""
        ...
