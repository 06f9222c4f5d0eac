"""OpenStack for many clusters at once, on the tests' fake: each cluster has a project of its own.

Nothing is recorded, and time is not virtual: what is measured is the platform's own work.
"""

from datetime import timedelta

from brb_provisioner.ledger import Access
from brb_provisioner.openstack.cloud import Cloud
from brb_provisioner.openstack.resources import Flavor
from brb_shared.clouds import Cloud as RegisteredCloud
from brb_shared.contracts.ids import CloudId, ClusterId
from brb_shared.contracts.infrastructure import InfrastructureDesired
from fakes.cloud import PROJECT, USER, FakeCloud
from fakes.cloud_base import Script, WallClock

_FLAVOR = Flavor("flavor-2", "m1.medium", 2, 2048)
"""The gateway's default."""


class _Unrecorded(Script):
    def before(self, name: str) -> int:
        return 0


class ManyClouds:
    """Implements the provisioner's `Clouds`. Servers take `boot` to become ACTIVE."""

    def __init__(self, registration: RegisteredCloud, boot: timedelta) -> None:
        self._registration = registration
        self._boot = boot
        self._clouds: dict[ClusterId, FakeCloud] = {}

    def registered(self, cloud_id: CloudId) -> RegisteredCloud:
        return self._registration

    async def cluster_access(self, desired: InfrastructureDesired) -> tuple[Cloud, Access]:
        if desired.cluster_id not in self._clouds:
            self._clouds[desired.cluster_id] = self._new()
        return self._clouds[desired.cluster_id], Access(PROJECT, USER, "ac-1", f"brb-{desired.cluster_id}")

    async def operator_access(self, cloud_id: CloudId, project_id: str) -> Cloud | None:
        return None

    def forget(self, cluster_id: ClusterId) -> None:
        return

    def _new(self) -> FakeCloud:
        cloud = FakeCloud(WallClock())
        cloud.use(_Unrecorded())
        cloud.boot = cloud.leave = self._boot
        cloud.flavors[_FLAVOR.name] = _FLAVOR
        return cloud
