"""A provisioner around a fake cloud: memory for its database, virtual time for its loop, restarts at will."""

from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import SecretStr

from brb_provisioner.errors import unauthenticated
from brb_provisioner.ledger import Access, Changes, Stored
from brb_provisioner.openstack.cloud import Cloud
from brb_provisioner.reconcile import ProvisionerReconciler
from brb_provisioner.settings import ProvisionerSettings
from brb_provisioner.steps.scope import Equipment
from brb_shared.clouds import Cloud as RegisteredCloud
from brb_shared.contracts.desired import MachineRole, Presence
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId
from brb_shared.contracts.infrastructure import (
    ApiEndpoint,
    DesiredMachine,
    DesiredNetwork,
    DesiredPool,
    InfrastructureDesired,
    InfrastructureObserved,
)
from brb_shared.reconcile import Absent, Again, Lease, ReconcileError, Result, Settled, TerminalError, WorkRow
from brb_shared.secrets import Keyring
from fakes.cloud import PROJECT, USER, FakeCloud, OperatorCloud
from fakes.cloud_base import Inside

CLUSTER = ClusterId("c-0123456789")
MARK = f"brb:cluster={CLUSTER}"
_KEYRING = Keyring({"1": bytes(32)}, "1")


def desired(
    *,
    workers: int = 1,
    control_planes: int = 1,
    load_balancer: bool = False,
    root_volume_gib: int | None = None,
    worker_floating_ips: bool = False,
) -> InfrastructureDesired:
    planes = [DesiredMachine(name=f"demo-0123456789-cp-{n}", pool="cp") for n in range(control_planes)]
    others = [DesiredMachine(name=f"demo-0123456789-w-{n}", pool="w") for n in range(workers)]
    pool = DesiredPool(name="cp", role=MachineRole.CONTROL_PLANE, flavor="m1.small", image="debian-12")
    return InfrastructureDesired(
        cluster_id=CLUSTER,
        cluster_name="demo",
        generation=1,
        presence=Presence.PRESENT,
        cloud=CloudId("fake"),
        credential_id=CredentialId("cr-1"),
        network=DesiredNetwork(cidr="10.6.0.0/24"),
        api_endpoint=ApiEndpoint.LOAD_BALANCER if load_balancer else ApiEndpoint.FLOATING_IP,
        pools=(
            pool,
            pool.model_copy(
                update={
                    "name": "w",
                    "role": MachineRole.WORKER,
                    "root_volume_gib": root_volume_gib,
                    "floating_ips": worker_floating_ips,
                }
            ),
        ),
        machines=(*planes, *others),
    )


class MemoryRecords:
    """Implements `ledger.Records`; each write is an outside call, all or nothing."""

    def __init__(self, stored: Stored, inside: Inside) -> None:
        self.stored = stored
        self.inside = inside
        self.events: list[Happened] = []
        self.published: list[InfrastructureObserved] = []

    async def load(self, cluster_id: str) -> Stored | None:
        return self.stored if cluster_id == self.stored.desired.cluster_id else None

    async def write(self, cluster_id: str, lease: Lease, changes: Changes) -> None:
        number = self.inside.script.before("write")
        now = self.inside.clock.now()
        written = [replace(entry, written_at=now) for entry in changes.entries]
        entries = {(entry.slot.type, entry.slot.key): entry for entry in (*self.stored.entries, *written)}
        machines = {machine.name: machine for machine in (*self.stored.machines, *changes.machines)}
        left = [machine for machine in machines.values() if machine.name not in changes.gone_machines]
        self.stored = replace(
            self.stored,
            entries=tuple(entries.values()),
            machines=tuple(left),
            observed=changes.observed or self.stored.observed,
            access=changes.access or self.stored.access,
        )
        self.events.extend(changes.events)
        if changes.observed is not None:
            self.published.append(changes.observed)
        self.inside.script.after(number, "write")


class FakeClouds:
    """The way into the fake cloud; the hub's secret and the operator's access can be taken away."""

    def __init__(self, cloud: FakeCloud) -> None:
        self.cloud = cloud
        self.registration = RegisteredCloud(
            display_name="Fake", auth_url="http://cloud.example", lb_provider="ovn", lb_method="SOURCE_IP_PORT"
        )
        self.has_operator = True
        self.hub_has_credential = True

    def registered(self, cloud_id: CloudId) -> RegisteredCloud:
        return self.registration

    async def cluster_access(self, desired: InfrastructureDesired) -> tuple[Cloud, Access]:
        if not self.hub_has_credential:
            raise unauthenticated("The platform does not have the cluster's credential any more")
        return self.cloud, Access(PROJECT, USER, "ac-1", f"brb-{CLUSTER}")

    async def operator_access(self, cloud_id: CloudId, project_id: str) -> Cloud | None:
        return OperatorCloud(self.cloud) if self.has_operator else None

    def forget(self, cluster_id: ClusterId) -> None:
        return


class FakeProbe:
    def __init__(self) -> None:
        self.answers = True

    async def ssh_answers(self, address: str) -> bool:
        return self.answers


@dataclass
class Ended:
    """How a drive through the passes ended."""

    result: Result | ReconcileError
    passes: int


class World:
    """One cluster, one cloud, one provisioner that can be killed and started again."""

    def __init__(self, cloud: FakeCloud | None = None, wanted: InfrastructureDesired | None = None) -> None:
        self.cloud = cloud or FakeCloud()
        self.clouds = FakeClouds(self.cloud)
        self.probe = FakeProbe()
        self.records = MemoryRecords(Stored(wanted or desired(), revision=1), self.cloud.inside)
        self.token = 0
        self.failures = 0
        self.restart()

    def restart(self) -> None:
        settings = ProvisionerSettings(database_url=SecretStr("postgresql+asyncpg://nowhere"))
        equipment = Equipment(
            settings, self.clouds, _KEYRING, "ssh-ed25519 AAAA user-ca", self.probe, self.cloud.clock.now
        )
        self.reconciler = ProvisionerReconciler(self.records, equipment)

    def want(self, wanted: InfrastructureDesired) -> None:
        """A new desired state arrives."""
        revision = self.records.stored.revision + 1
        generation = self.records.stored.desired.generation + 1
        newer = wanted.model_copy(update={"generation": generation})
        self.records.stored = replace(self.records.stored, desired=newer, revision=revision)
        self.failures = 0

    def delete(self, *, keep_floating_ip: bool = False) -> None:
        gone = {"presence": Presence.ABSENT, "keep_floating_ip": keep_floating_ip}
        self.want(self.records.stored.desired.model_copy(update=gone))

    async def run_pass(self) -> Result | ReconcileError:
        """One pass as the loop does it: claim, reconcile, report an error."""
        self.token += 1
        lease = Lease(CLUSTER, self.token, 0, self.failures, WorkRow)
        try:
            result = await self.reconciler.reconcile(CLUSTER, lease)
        except ReconcileError as error:
            self.failures += 1
            await self.reconciler.report(CLUSTER, lease, error, self.failures)
            return error
        self.failures = 0
        return result

    async def settle(self, *, passes: int = 60) -> Ended:
        """Passes until settled, absent, or an error that somebody has to mend; virtual time in between."""
        for number in range(1, passes + 1):
            result = await self.run_pass()
            match result:
                case Again(after, _):
                    self.cloud.clock.advance(after)
                case Settled() | Absent() | TerminalError():
                    return Ended(result, number)
                case _:
                    self.cloud.clock.advance(timedelta(seconds=2))
        raise AssertionError(f"not settled after {passes} passes: {result}")

    @property
    def observed(self) -> InfrastructureObserved:
        assert self.records.stored.observed is not None
        return self.records.stored.observed

    def happenings(self) -> list[str]:
        return [event.reason for event in self.records.events]
