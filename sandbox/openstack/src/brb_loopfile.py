"""Cinder driver: a volume is a sparse file, attached to servers through a loop device by the nova driver.

Installed as cinder.volume.drivers.brb_loopfile.
"""

import os
import subprocess

from cinder import interface
from cinder.image import image_utils
from cinder.volume import driver

_STATE = "/var/lib/brb"
_IMAGES = os.path.join(_STATE, "glance")
_VOLUMES = os.path.join(_STATE, "volumes")


@interface.volumedriver
class LoopFileDriver(driver.VolumeDriver):
    """Every call acts on one file in _VOLUMES; connecting only tells its path."""

    VERSION = "1.0"
    CI_WIKI_NAME = "none"

    def do_setup(self, context):
        os.makedirs(_VOLUMES, exist_ok=True)

    def check_for_setup_error(self):
        """Nothing can be wrong: the directory is there."""

    def local_path(self, volume):
        return os.path.join(_VOLUMES, volume.name)

    def create_volume(self, volume):
        with open(self.local_path(volume), "wb") as file:
            file.truncate(volume.size << 30)

    def delete_volume(self, volume):
        _remove(self.local_path(volume))

    def extend_volume(self, volume, new_size):
        os.truncate(self.local_path(volume), new_size << 30)

    def create_snapshot(self, snapshot):
        _copy(self.local_path(snapshot.volume), self.local_path(snapshot))

    def delete_snapshot(self, snapshot):
        _remove(self.local_path(snapshot))

    def create_volume_from_snapshot(self, volume, snapshot):
        _copy(self.local_path(snapshot), self.local_path(volume), volume.size)

    def create_cloned_volume(self, volume, src_vref):
        _copy(self.local_path(src_vref), self.local_path(volume), volume.size)

    def clone_image(self, context, volume, image_location, image_meta, image_service):
        if not os.path.exists(os.path.join(_IMAGES, image_meta["id"])):
            return None, False
        self.copy_image_to_volume(context, volume, image_service, image_meta["id"])
        return {}, True

    def copy_image_to_volume(self, context, volume, image_service, image_id, disable_sparse=False):
        """Not image_utils.fetch: it goes through eventlet's tpool, which never returns without eventlet's hub."""
        in_store = os.path.join(_IMAGES, image_id)
        target = self.local_path(volume)
        if os.path.exists(in_store):
            _copy(in_store, target)
        else:
            with open(target, "wb") as file:
                image_service.download(context, image_id, file)
        os.truncate(target, volume.size << 30)
        _grow_file_system(target)

    def copy_volume_to_image(self, context, volume, image_service, image_meta):
        image_utils.upload_volume(context, image_service, image_meta, self.local_path(volume), volume)

    def ensure_export(self, context, volume):
        """Nothing to export: nova is on this host."""

    def create_export(self, context, volume, connector):
        """Nothing to export."""

    def remove_export(self, context, volume):
        """Nothing to export."""

    def initialize_connection(self, volume, connector):
        return {"driver_volume_type": "local", "data": {"device_path": self.local_path(volume)}}

    def terminate_connection(self, volume, connector, **kwargs):
        """Nothing to end."""

    def _update_volume_stats(self):
        disk = os.statvfs(_VOLUMES)
        self._stats = {
            "volume_backend_name": self.configuration.safe_get("volume_backend_name") or "loop",
            "vendor_name": "brb",
            "driver_version": self.VERSION,
            "storage_protocol": "local",
            "reserved_percentage": 0,
            "total_capacity_gb": disk.f_frsize * disk.f_blocks / 2**30,
            "free_capacity_gb": disk.f_frsize * disk.f_bavail / 2**30,
            "thin_provisioning_support": True,
            "max_over_subscription_ratio": 20,
            "provisioned_capacity_gb": 0,
            "QoS_support": False,
            "multiattach": False,
        }


def _copy(source, target, size_gib=None):
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", source, target], check=True)
    if size_gib and os.path.getsize(target) < size_gib << 30:
        os.truncate(target, size_gib << 30)


def _remove(path):
    if os.path.exists(path):
        os.unlink(path)


def _grow_file_system(path):
    """An image may hold no ext4 at all: then there is nothing to grow."""
    found = subprocess.run(["blkid", "-p", "-s", "TYPE", "-o", "value", path], capture_output=True)
    if found.stdout.strip() == b"ext4":
        subprocess.run(["e2fsck", "-fy", path], check=False)  # 1 means: corrected
        subprocess.run(["resize2fs", path], check=True)
