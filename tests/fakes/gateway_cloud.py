"""OpenStack as the gateway sees it, by behaviour."""

import json
from datetime import UTC, datetime, timedelta

from brb_api_gateway.clouds.schemas import FlavorChoice, ImageChoice, NetworkChoice, QuotaView
from brb_api_gateway.openstack.cloud import (
    ApplicationCredential,
    Catalogue,
    CloudUnavailable,
    KeystoneSession,
    MadeCredential,
    NotAllowed,
    Password,
    SignInRefused,
    VerifiedCredential,
)
from brb_shared.clouds import Cloud

RIGHT_PASSWORD = "correct horse"
CANARY_SECRET = "canary-secret-9f2d7c"


def catalogue(*, floating_ips_free: int | None = 10, load_balancers: bool = True) -> Catalogue:
    limit = None if floating_ips_free is None else floating_ips_free + 3
    return Catalogue(
        flavors=(
            FlavorChoice(id="f-1", name="m1.small", vcpus=1, memory_mib=1024, disk_gib=10),
            FlavorChoice(id="f-2", name="m1.medium", vcpus=2, memory_mib=2048, disk_gib=20),
            FlavorChoice(id="f-3", name="m1.large", vcpus=4, memory_mib=8192, disk_gib=40),
        ),
        images=(
            ImageChoice(
                id="i-1", name="debian-12", minimum_disk_gib=4, minimum_memory_mib=512, supported=True,
                distribution="debian",
            ),
            ImageChoice(id="i-2", name="cirros", minimum_disk_gib=1, minimum_memory_mib=64, supported=False),
        ),
        networks=(NetworkChoice(id="n-1", name="office", subnet_ids=("s-1",)),),
        external_networks=(NetworkChoice(id="e-1", name="public"),),
        availability_zones=("nova",),
        load_balancers=load_balancers,
        quotas=(
            QuotaView(resource="instances", limit=20, used=2, free=18),
            QuotaView(resource="cores", limit=40, used=4, free=36),
            QuotaView(resource="floating_ips", limit=limit, used=3, free=floating_ips_free),
        ),
    )  # fmt: skip


class WillingCloud:
    """Users `alice` and `bob` of projects of their own; everything that is asked for is done and remembered."""

    def __init__(self) -> None:
        self.catalogue_answer = catalogue()
        self.catalogue_calls = 0
        self.credentials: dict[str, str] = {}
        self.groups: dict[str, tuple[str, ...]] = {}

    async def sign_in(self, cloud: Cloud, auth: Password | ApplicationCredential) -> KeystoneSession:
        match auth:
            case Password() if auth.password == RIGHT_PASSWORD:
                return _session(auth.username)
            case ApplicationCredential() if auth.id in self.credentials:
                return _session("alice")
        raise SignInRefused("Keystone does not accept the sign-in; check name, secret, domain and project")

    async def list_groups(self, cloud: Cloud, token: bytes, user_id: str) -> tuple[str, ...]:
        return self.groups.get(user_id, ())

    async def catalogue(self, cloud: Cloud, token: bytes) -> Catalogue:
        self.catalogue_calls += 1
        return self.catalogue_answer

    async def create_application_credential(
        self, cloud: Cloud, token: bytes, user_id: str, name: str
    ) -> MadeCredential:
        id_ = f"ac-{len(self.credentials) + 1}"
        self.credentials[id_] = name
        return MadeCredential(id_, f"{CANARY_SECRET}-{id_}")

    async def verify_application_credential(
        self, cloud: Cloud, credential: ApplicationCredential
    ) -> VerifiedCredential:
        match credential.id:
            case "unrestricted":
                return VerifiedCredential("user-alice", "project-alice", unrestricted=True)
            case "of-bob":
                return VerifiedCredential("user-bob", "project-bob", unrestricted=False)
            case "wrong":
                raise SignInRefused("Keystone does not know this application credential")
        return VerifiedCredential("user-alice", "project-alice", unrestricted=False)

    async def remove_application_credential(
        self, cloud: Cloud, token: bytes | None, user_id: str, *, id: str | None, name: str
    ) -> None:
        self.credentials = {known: called for known, called in self.credentials.items() if called != name}


class RestrictedSessionCloud(WillingCloud):
    """The session is that of a restricted application credential."""

    async def create_application_credential(
        self, cloud: Cloud, token: bytes, user_id: str, name: str
    ) -> MadeCredential:
        raise NotAllowed("Using method 'application_credential' is not allowed")


class SecretiveCloud(WillingCloud):
    """Does not tell a session its groups."""

    async def list_groups(self, cloud: Cloud, token: bytes, user_id: str) -> tuple[str, ...]:
        raise NotAllowed("You are not authorized to perform the requested action: identity:list_groups_for_user")


class SilentCloud(WillingCloud):
    """Does not answer."""

    async def sign_in(self, cloud: Cloud, auth: Password | ApplicationCredential) -> KeystoneSession:
        raise CloudUnavailable("The cloud Test does not answer; try again in a minute")


class DyingRequestCloud(WillingCloud):
    """The credential is made, but the answer never comes: as if the gateway was killed there."""

    async def create_application_credential(
        self, cloud: Cloud, token: bytes, user_id: str, name: str
    ) -> MadeCredential:
        await super().create_application_credential(cloud, token, user_id, name)
        raise CloudUnavailable("The cloud Test does not answer in time; try again")


def _session(username: str) -> KeystoneSession:
    return KeystoneSession(
        user_id=f"user-{username}",
        user_name=username,
        project_id=f"project-{username}",
        project_name=username,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
        document=json.dumps({"auth_token": f"{CANARY_SECRET}-token", "body": {}}).encode(),
    )


class SlowToForgetCloud(WillingCloud):
    """Keystone does not answer the first time that a credential is to be removed."""

    def __init__(self) -> None:
        super().__init__()
        self.removals = 0

    async def remove_application_credential(
        self, cloud: Cloud, token: bytes | None, user_id: str, *, id: str | None, name: str
    ) -> None:
        self.removals += 1
        if self.removals == 1:
            raise CloudUnavailable("The cloud Test does not answer; try again in a minute")
        await super().remove_application_credential(cloud, token, user_id, id=id, name=name)


class NobodyMayForgetCloud(WillingCloud):
    """Neither the owner nor an operator can remove a credential."""

    async def remove_application_credential(
        self, cloud: Cloud, token: bytes | None, user_id: str, *, id: str | None, name: str
    ) -> None:
        raise NotAllowed("You are not authorized")
