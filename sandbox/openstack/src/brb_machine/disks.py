"""Root disks: raw ext4 files without partitions, copied from Glance's store and grown before they are mounted.

Growing a mounted ext4 needs CAP_SYS_RESOURCE, which may be missing; so an image is grown once per size, kept below
images/, and copied for every server.
"""

import os
import threading
import time

from nova.image import glance
from nova.virt.brb_machine import loops
from nova.virt.brb_machine.shell import STATE, attempt, run

_STORE = os.path.join(STATE, "glance")
_IMAGES = os.path.join(STATE, "images")
_growing = threading.Lock()


def create_root(context, image_id, size_gib, target):
    """A server's own copy of an image, `size_gib` large (0: as large as the image)."""
    copy(_grown_image(context, image_id, size_gib), target)


def mount(disk, directory):
    """Mount a disk's file. The loop device is freed at once and so goes with the mount."""
    os.makedirs(directory, exist_ok=True)
    if os.path.ismount(directory):
        return
    device = loops.attach(disk)
    run("mount", "-o", "noatime", device, directory)
    run("losetup", "--detach", device)


def unmount(directory):
    """Wait briefly for the guest's last processes; then detach the mount, which frees it when they end."""
    for _ in range(30):
        if not os.path.ismount(directory) or attempt("umount", directory):
            return
        time.sleep(0.1)
    run("umount", "--lazy", directory)


def copy(source, target):
    run("cp", "--sparse=always", "--reflink=auto", source, target)


def shrink(disk):
    """Make a disk that nobody uses as small as its contents: for an image made of a server."""
    _check(disk)
    run("resize2fs", "-M", disk)
    header = dict(line.split(":", 1) for line in run("dumpe2fs", "-h", disk).splitlines() if ":" in line)
    os.truncate(disk, int(header["Block count"]) * int(header["Block size"]))


def _grown_image(context, image_id, size_gib):
    path = os.path.join(_IMAGES, f"{image_id}-{size_gib}")
    with _growing:
        if not os.path.exists(path):
            part = f"{path}.part"
            _fetch(context, image_id, part)
            if size_gib and os.path.getsize(part) < size_gib << 30:
                os.truncate(part, size_gib << 30)
                _check(part)
                run("resize2fs", part)
            os.rename(part, path)
    return path


def _fetch(context, image_id, target):
    in_store = os.path.join(_STORE, image_id)
    if os.path.exists(in_store):  # Glance's store is on this machine
        copy(in_store, target)
    else:
        glance.API().download(context, image_id, dest_path=target)


def _check(disk):
    """e2fsck says 1 when it corrected something; what it could not correct, resize2fs refuses."""
    attempt("e2fsck", "-fy", disk)
