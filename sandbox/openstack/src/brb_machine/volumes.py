"""Cinder volumes in a running server: a block device node over the volume's loop device, and its by-id link."""

import os
import stat

from nova.virt.brb_machine import loops


def attach(pid, connection_info, mount_point):
    """Make the device appear as `mount_point` (/dev/vdb) in the server whose first process is `pid`. Idempotent."""
    device = loops.attach(_path(connection_info))
    dev = _dev_of(pid)
    name = os.path.basename(mount_point)
    node = os.path.join(dev, name)
    if not os.path.exists(node):
        os.mknod(node, 0o660 | stat.S_IFBLK, os.stat(device).st_rdev)
    link = os.path.join(dev, _link(connection_info))
    os.makedirs(os.path.dirname(link), exist_ok=True)
    if not os.path.islink(link):
        os.symlink(f"../../{name}", link)


def detach(pid, connection_info, mount_point):
    """Remove device and link from a server; `pid` is None if it does not run. Frees the loop device."""
    if pid is not None:
        for name in (os.path.basename(mount_point), _link(connection_info)):
            path = os.path.join(_dev_of(pid), name)
            if os.path.lexists(path):
                os.unlink(path)
    release(connection_info)


def release(connection_info):
    loops.detach_all_of(_path(connection_info))


def extend(connection_info):
    loops.refresh(_path(connection_info))


def _path(connection_info):
    return connection_info["data"]["device_path"]


def _dev_of(pid):
    return f"/proc/{pid}/root/dev"


def _link(connection_info):
    """As virtio has it: the Cinder CSI driver looks for this name."""
    return f"disk/by-id/virtio-{connection_info['serial'][:20]}"
