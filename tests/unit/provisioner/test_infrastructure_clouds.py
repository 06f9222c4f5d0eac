"""A cluster's connection is kept between passes, and replaced as soon as the cluster has another credential."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from brb_provisioner.openstack.cloud import Cloud
from brb_provisioner.openstack.clouds import SdkClouds
from brb_provisioner.openstack.sdk_cloud import SdkCloud
from brb_provisioner.settings import ProvisionerSettings
from brb_shared.clouds import Cloud as RegisteredCloud
from brb_shared.contracts.ids import ClusterId, CredentialId
from brb_shared.contracts.infrastructure import InfrastructureDesired
from brb_shared.hub import CloudCredential
from fakes.cloud_world import desired

PLAIN = desired()


class Hub:
    async def credential(self, credential_id: CredentialId) -> CloudCredential:
        return CloudCredential(
            credential_id=credential_id,
            cloud=PLAIN.cloud,
            name=f"brb-{credential_id}",
            project_id="p-1",
            user_id="u-1",
            application_credential_id=f"ac-of-{credential_id}",
            application_credential_secret=SecretStr("canary"),
        )


def cluster(id_: str, credential: str) -> InfrastructureDesired:
    return PLAIN.model_copy(update={"cluster_id": ClusterId(id_), "credential_id": CredentialId(credential)})


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Cloud]:
    found: list[Cloud] = []
    monkeypatch.setattr(SdkCloud, "close", lambda self: found.append(self))
    return found


@pytest.fixture
async def clouds(closed: list[Cloud]) -> AsyncIterator[SdkClouds]:
    registered = RegisteredCloud(display_name="Test", auth_url="http://cloud.example")
    clouds = SdkClouds(
        {PLAIN.cloud: registered}, Hub(), ProvisionerSettings(database_url=SecretStr("postgresql://none"))
    )
    yield clouds
    await clouds.close()


async def test_passes_share_a_connection(clouds: SdkClouds) -> None:
    first = await clouds.cluster_access(cluster("c-1", "cr-1"))
    assert await clouds.cluster_access(cluster("c-1", "cr-1")) == first


async def test_another_credential_is_used_at_once_and_the_old_connection_closed(
    clouds: SdkClouds, closed: list[Cloud]
) -> None:
    old, _ = await clouds.cluster_access(cluster("c-1", "cr-1"))
    new, access = await clouds.cluster_access(cluster("c-1", "cr-2"))
    assert access.application_credential_id == "ac-of-cr-2"
    assert new is not old
    assert closed == [old]


async def test_the_end_of_one_cluster_leaves_anothers_connection_open(clouds: SdkClouds, closed: list[Cloud]) -> None:
    mine, _ = await clouds.cluster_access(cluster("c-1", "cr-1"))
    theirs, _ = await clouds.cluster_access(cluster("c-2", "cr-1"))
    clouds.forget(ClusterId("c-1"))
    assert closed == [mine]
    assert (await clouds.cluster_access(cluster("c-2", "cr-1")))[0] is theirs
