"""The provisioner alone on the sandbox's real OpenStack: from nothing to machines that greet, and back to nothing.

Needs the sandbox only (`make sandbox`), not the platform: PostgreSQL and NATS are the test's own.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml
from pydantic import SecretStr

from brb_provisioner.app import migrate, run_work
from brb_provisioner.openstack.clouds import SdkClouds
from brb_provisioner.probes import TcpProbe
from brb_provisioner.settings import ProvisionerSettings
from brb_provisioner.steps.scope import Equipment
from brb_shared.clouds import Cloud, OperatorAccess
from brb_shared.contracts.desired import MachineRole, Presence
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId, new_cluster_id
from brb_shared.contracts.infrastructure import (
    ApiEndpoint,
    DesiredMachine,
    DesiredNetwork,
    DesiredPool,
    InfrastructureDesired,
)
from brb_shared.hub import CloudCredential
from brb_shared.secrets import Keyring
from e2e.harness import CLOUDS_FILE, eventually, listing, run
from fakes.hub import InfrastructureHub, infrastructure_hub, running

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")

SANDBOX = CloudId("sandbox")


class OneCredential:
    """The hub's hand-out of the one credential of this test."""

    def __init__(self, credential: CloudCredential) -> None:
        self._credential = credential

    async def credential(self, credential_id: CredentialId) -> CloudCredential:
        return self._credential


@dataclass(frozen=True)
class Shape:
    """How many control planes, and in which of the sandbox's projects there is room for them."""

    control_planes: int
    project: str


SHAPES = (Shape(1, "demo"), Shape(3, "demo"))


@pytest.fixture(params=SHAPES, ids=lambda shape: f"{shape.control_planes} in {shape.project}")
def shape(request: pytest.FixtureRequest) -> Shape:
    chosen: Shape = request.param
    return chosen


@pytest.fixture
def connection(shape: Shape) -> Iterator[Any]:
    config = openstack.config.OpenStackConfig(config_files=[str(CLOUDS_FILE)])
    connection = openstack.connection.Connection(config=config.get_one(shape.project))
    yield connection
    connection.close()


@pytest.fixture
def cluster_id() -> ClusterId:
    return new_cluster_id()


@pytest.fixture
def credential(connection: Any, cluster_id: ClusterId) -> Iterator[CloudCredential]:
    """As the gateway makes it for a cluster, and takes it away again: restricted, and named after it."""
    user = connection.current_user_id
    made = connection.identity.create_application_credential(user, f"brb-{cluster_id}", unrestricted=False)
    yield CloudCredential(
        credential_id=CredentialId("cr-1"),
        cloud=SANDBOX,
        name=made.name,
        project_id=connection.current_project_id,
        user_id=user,
        application_credential_id=made.id,
        application_credential_secret=made.secret,
    )
    connection.identity.delete_application_credential(user, made)


def registered() -> Cloud:
    operator = yaml.safe_load(CLOUDS_FILE.read_text())["clouds"]["operator"]["auth"]
    return Cloud(
        display_name="Sandbox",
        auth_url=operator["auth_url"],
        external_network="public",
        lb_provider="ovn",
        lb_method="SOURCE_IP_PORT",
        operator=OperatorAccess(
            username=operator["username"], password=operator["password"], project_name=operator["project_name"]
        ),
    )


def wanted_of(cluster_id: ClusterId, *, control_planes: int) -> InfrastructureDesired:
    balanced = control_planes > 1
    plane = DesiredPool(
        name="cp", role=MachineRole.CONTROL_PLANE, flavor="m1.small", image="debian-12", floating_ips=balanced
    )
    worker = DesiredPool(name="w", role=MachineRole.WORKER, flavor="m1.small", image="debian-12")
    names = [(f"prov-{cluster_id[2:]}-cp-{n}", "cp") for n in range(control_planes)]
    return InfrastructureDesired(
        cluster_id=cluster_id,
        cluster_name="prov",
        generation=1,
        presence=Presence.PRESENT,
        cloud=SANDBOX,
        credential_id=CredentialId("cr-1"),
        network=DesiredNetwork(cidr="10.6.0.0/24"),
        api_endpoint=ApiEndpoint.LOAD_BALANCER if balanced else ApiEndpoint.FLOATING_IP,
        pools=(plane, worker),
        machines=tuple(
            DesiredMachine(name=name, pool=pool) for name, pool in [*names, (f"prov-{cluster_id[2:]}-w-0", "w")]
        ),
    )


@pytest.fixture
async def hub(
    postgres_url: str, nats_url: str, credential: CloudCredential, tmp_path: Path
) -> AsyncIterator[InfrastructureHub]:
    """A running provisioner, seen from the hub."""
    settings = ProvisionerSettings(database_url=SecretStr(postgres_url), nats_url=nats_url)
    await migrate(settings)
    async with AsyncExitStack() as stack:
        clouds = SdkClouds({SANDBOX: registered()}, OneCredential(credential), settings)
        stack.push_async_callback(clouds.close)
        keyring = Keyring({"1": os.urandom(32)}, "1")
        equipment = Equipment(
            settings, clouds, keyring, "ssh-ed25519 AAAA ca", TcpProbe(2.0), lambda: datetime.now(UTC)
        )
        hub = await stack.enter_async_context(infrastructure_hub(nats_url))
        await stack.enter_async_context(running(run_work(settings, equipment)))
        yield hub


def first_offered_key(address: str) -> str:
    """The one host key that the machine shows first; a machine that is still booting may restart its sshd meanwhile."""
    offered: list[str] = []

    def is_offered() -> bool:
        offered.extend(run("ssh-keyscan", "-T", "10", "-t", "ed25519", address).out.split()[1:3])
        return bool(offered)

    eventually(is_offered, seconds=60, what=f"{address} offers an ed25519 host key")
    return " ".join(offered)


async def test_machines_come_and_go_on_a_real_openstack(
    hub: InfrastructureHub, cluster_id: ClusterId, shape: Shape
) -> None:
    before = listing(shape.project)
    wanted = wanted_of(cluster_id, control_planes=shape.control_planes)
    try:
        await hub.send(wanted, revision=1)
        ready = await hub.until(lambda observed: observed.ready, seconds=240)
        assert ready.initialized
        assert all(machine.private_address for machine in ready.machines)
        assert len({machine.host_public_key for machine in ready.machines}) == shape.control_planes + 1
        for machine in ready.machines:
            address = machine.floating_address
            assert address is None or first_offered_key(address) == machine.host_public_key
    finally:
        await hub.send(wanted.model_copy(update={"presence": Presence.ABSENT, "generation": 2}), revision=2)
        gone = await hub.until(lambda observed: observed.presence is Presence.ABSENT, seconds=240)
    assert gone.remaining == ()
    assert gone.kept == ()
    left = {kind: sorted(set(names) - set(before[kind])) for kind, names in listing(shape.project).items()}
    assert not any(left.values()), left
