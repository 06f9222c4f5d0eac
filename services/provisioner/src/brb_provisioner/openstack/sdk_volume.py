"""Cinder. A cloud without it has no volumes, which is not an error."""

from collections.abc import Sequence
from typing import Any

from brb_provisioner.openstack.calls import Calls, text
from brb_provisioner.openstack.cloud import VolumePlan
from brb_provisioner.openstack.parse import snapshot_of, volume_of
from brb_provisioner.openstack.resources import Volume, VolumeSnapshot

_MARK_KEY = "brb:mark"
_CSI_CLUSTER_KEY = "cinder.csi.openstack.org/cluster"


class VolumeCalls(Calls):
    async def _list_volume_things(self, what: str) -> list[Any]:
        if not await self.call("looking for Cinder", self._has_cinder):
            return []

        def fetch() -> list[Any]:
            return list(getattr(self.connection.block_storage, what)(details=True, **self.everywhere))

        return await self.call(f"listing {what}", fetch)

    def _has_cinder(self) -> bool:
        return bool(self.connection.block_storage.get_endpoint())

    async def list_volumes(self, mark: str) -> Sequence[Volume]:
        found = await self._list_volume_things("volumes")
        return [volume_of(volume) for volume in found if _metadata(volume, _MARK_KEY) == mark]

    async def create_volume(self, plan: VolumePlan) -> Volume:
        created = await self.call(
            f"creating the root volume of {plan.name}",
            self.connection.block_storage.create_volume,
            name=plan.name,
            size=plan.size_gib,
            image_id=plan.image_id,
            metadata={_MARK_KEY: plan.mark},
        )
        return volume_of(created)

    async def delete_volume(self, volume_id: str) -> None:
        delete = self.connection.block_storage.delete_volume
        await self.call("deleting a volume", delete, volume_id, ignore_missing=False)

    async def list_cluster_volumes(self, cluster_id: str) -> Sequence[Volume]:
        """By the metadata that Cinder CSI gives them."""
        found = await self._list_volume_things("volumes")
        return [volume_of(volume) for volume in found if _metadata(volume, _CSI_CLUSTER_KEY) == cluster_id]

    async def list_cluster_snapshots(self, cluster_id: str) -> Sequence[VolumeSnapshot]:
        found = await self._list_volume_things("snapshots")
        return [snapshot_of(snapshot) for snapshot in found if _metadata(snapshot, _CSI_CLUSTER_KEY) == cluster_id]

    async def delete_volume_snapshot(self, snapshot_id: str) -> None:
        delete = self.connection.block_storage.delete_snapshot
        await self.call("deleting a volume snapshot", delete, snapshot_id, ignore_missing=False)


def _metadata(found: Any, key: str) -> str:
    return text((found.metadata or {}).get(key))
